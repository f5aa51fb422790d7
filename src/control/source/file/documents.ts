/**
 * A file's text to its documents: cut at the markers, each read by the fast reader, or by the
 * complete one where that declines. Places are looked up only when somebody asks for one, which
 * parses that one document again into a syntax tree: nearly always nobody does.
 */

import type { FieldPath, Location } from '../../resource.ts';
import { LineTable } from './lines.ts';
import { NOT_PLAIN, readPlain } from './plain.ts';
import { type Segment, splitDocuments } from './split.ts';
import { parseTrees, type SyntaxProblem, type Tree, type Trees } from './tree.ts';

interface SourceDocument {
  /** Null where the document has nothing in it. */
  readonly value: unknown;
  at(path: FieldPath): Location;
}

interface PlacedProblem extends Omit<SyntaxProblem, 'offset'> {
  readonly location: Location;
}

export interface SourceDocuments {
  readonly documents: readonly SourceDocument[];
  readonly problems: readonly PlacedProblem[];
}

/**
 * Documents that only the complete reader takes, by their text, so that one which has not changed is
 * not parsed again. What no read of a round asked for is dropped at its end.
 */
export class TreeCache {
  #fresh = new Map<string, Trees>();
  #stale = new Map<string, Trees>();

  trees(text: string): Trees {
    const known = this.#fresh.get(text) ?? this.#stale.get(text) ?? parseTrees(text);
    this.#fresh.set(text, known);
    return known;
  }

  endRound(): void {
    this.#stale = this.#fresh;
    this.#fresh = new Map();
  }
}

export function readDocuments(file: string, text: string, cache: TreeCache): SourceDocuments {
  const lines = new LineTable(text);
  const place = (offset: number): Location => ({ file, ...lines.locate(offset) });
  const documents: SourceDocument[] = [];
  const problems: PlacedProblem[] = [];
  const { segments, divided } = splitDocuments(text);
  for (const segment of segments) {
    const value = divided ? readPlain(text, segment.start, segment.end) : NOT_PLAIN;
    if (value !== NOT_PLAIN) {
      documents.push({ value, at: lazyPlaces(text, segment, place) });
      continue;
    }
    const found = cache.trees(text.slice(segment.start, segment.end));
    for (const tree of found.trees) {
      documents.push({ value: tree.value, at: placesIn(tree, segment.start, place) });
    }
    for (const { offset, ...problem } of found.problems) {
      problems.push({ ...problem, location: place(segment.start + offset) });
    }
  }
  return { documents, problems };
}

type Place = (offset: number) => Location;

function placesIn(tree: Tree, start: number, place: Place): (path: FieldPath) => Location {
  return (path) => place(start + (path.length === 0 ? tree.offset : tree.offsetOf(path)));
}

/** The document as a whole is found without a tree: it begins at its first line with content. */
function lazyPlaces(text: string, segment: Segment, place: Place): (path: FieldPath) => Location {
  let tree: Tree | undefined;
  return (path) => {
    if (path.length > 0) tree ??= parseTrees(text.slice(segment.start, segment.end)).trees[0];
    const offset = path.length > 0 ? tree?.offsetOf(path) : undefined;
    return place(offset === undefined ? contentStart(text, segment) : segment.start + offset);
  };
}

const CONTENT = /^[ ]*[^\s#]/m;

function contentStart(text: string, { start, end }: Segment): number {
  const found = CONTENT.exec(text.slice(start, end));
  return found === null ? start : start + found.index + found[0].length - 1;
}
