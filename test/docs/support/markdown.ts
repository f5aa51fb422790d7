/** The fenced snippets of a Markdown page, as docs/README.md says they are meant. */

export interface Snippet {
  /** `sh`, `yaml`, `text`...; '' for a bare fence. */
  readonly language: string;
  /** Line of its fence, from 1. */
  readonly line: number;
  readonly text: string;
  /** Nothing but blank lines between this one and the one before it. */
  readonly follows: boolean;
}

export interface Page {
  readonly snippets: readonly Snippet[];
  /** Of `<!-- snippets need: rust -->`; '' for none. */
  readonly needs: string;
}

const FENCE = /^ {0,3}(`{3,})\s*([\w-]*)\s*$/;

/** Throws where a fence is never closed. */
export function readPage(text: string): Page {
  const lines = text.split('\n');
  const snippets: Snippet[] = [];
  let behindSnippet = false;
  for (let at = 0; at < lines.length; at++) {
    const [, fence, language] = FENCE.exec(lines[at] ?? '') ?? [];
    if (fence === undefined || language === undefined) {
      if (lines[at]?.trim() !== '') behindSnippet = false;
      continue;
    }
    const end = lines.findIndex((line, index) => index > at && line.trim() === fence);
    if (end === -1) throw new Error(`line ${at + 1}: the fence is never closed`);
    const body = `${lines.slice(at + 1, end).join('\n')}\n`;
    snippets.push({ language, line: at + 1, text: body, follows: behindSnippet });
    behindSnippet = true;
    at = end;
  }
  return { snippets, needs: /<!-- snippets need: (\w+) -->/.exec(text)?.[1] ?? '' };
}

/** The name in `# mesh.yaml`, the first line of a snippet that is a file; null otherwise. */
export function fileNameOf({ text }: Snippet): string | null {
  return /^(?:#|\/\/) ([\w./-]+\.\w+)\n/.exec(text)?.[1] ?? null;
}

/**
 * Whether `output` shows what a page says it does: each of its lines, in order, others between
 * them; `...` stands for anything. Null, or the first line that is missing.
 */
export function missingLine(expected: string, output: string): string | null {
  const lines = output.split('\n').map(normal);
  let at = 0;
  for (const line of expected.split('\n').map(normal)) {
    if (line === '' || line === '...') continue;
    const parts = line.split('...').map((part) => RegExp.escape(part));
    const pattern = new RegExp(`^${parts.join('.*')}$`);
    const found = lines.findIndex((one, index) => index >= at && pattern.test(one));
    if (found === -1) return line;
    at = found + 1;
  }
  return null;
}

/** Columns are as wide as what stands in them: how wide does not count. */
function normal(line: string): string {
  return line.trim().replaceAll(/\s+/g, ' ');
}
