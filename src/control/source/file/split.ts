/**
 * Cuts a file at its document markers. A line that begins with `---` ends a document wherever it
 * stands (YAML 1.2.2 section 9.1.2), so that one document can be read, or found unchanged, without
 * its neighbours.
 */

/** Offsets into the file; the marker line is outside where nothing else stands on it. */
export interface Segment {
  readonly start: number;
  readonly end: number;
}

export interface Split {
  readonly segments: readonly Segment[];
  /** False: one segment with perhaps several documents, for the complete reader only. */
  readonly divided: boolean;
}

/**
 * Directives, and `...` after which one may follow, belong to two documents: such a file stays
 * whole. A carriage return alone makes the idea of a line doubtful.
 */
const INDIVISIBLE = /^(?:%|\.\.\.)|\r(?!\n)/m;
const REST_IS_EMPTY = /^[ \t]*(?:[ \t]#[^\n]*)?\r?(?:\n|$)/;

export function splitDocuments(text: string): Split {
  if (INDIVISIBLE.test(text)) {
    return { segments: [{ start: 0, end: text.length }], divided: false };
  }
  const segments: Segment[] = [];
  let start = 0;
  let marker = text.startsWith('---') ? 0 : nextMarker(text, 0);
  while (marker >= 0) {
    if (isMarker(text, marker)) {
      if (marker > start) segments.push({ start, end: marker });
      start = contentStart(text, marker);
    }
    marker = nextMarker(text, marker);
  }
  if (start < text.length) segments.push({ start, end: text.length });
  return { segments, divided: true };
}

function nextMarker(text: string, from: number): number {
  const found = text.indexOf('\n---', from);
  return found < 0 ? -1 : found + 1;
}

function isMarker(text: string, offset: number): boolean {
  const after = text[offset + 3];
  return after === undefined || after === '\n' || after === '\r' || after === ' ' || after === '\t';
}

/** After the marker line, or the marker itself where the document begins beside it. */
function contentStart(text: string, marker: number): number {
  const lineEnd = text.indexOf('\n', marker);
  const next = lineEnd < 0 ? text.length : lineEnd + 1;
  return REST_IS_EMPTY.test(text.slice(marker + 3, next)) ? next : marker;
}
