/**
 * What a Gateway's author wants whoever starts it to try: the lines of its annotation
 * `tulle.dev/try`, printed once below the start-up table. Examples use it to show their way in.
 */

import type { Resource } from '../control/resource.ts';

const ANNOTATION = 'tulle.dev/try';

/** More is a manual. */
const LINES_MAX = 20;

/** Indented, below a heading; empty where no Gateway has the annotation. */
export function tryLines(resources: readonly Resource[]): string[] {
  const lines = resources
    .filter((resource) => resource.kind === 'Gateway')
    .flatMap(({ annotations }) => (annotations[ANNOTATION] ?? '').split('\n'))
    .map((line) => `  ${printable(line)}`)
    .filter((line) => line.trim() !== '');
  return lines.length === 0 ? [] : ['try:', ...lines.slice(0, LINES_MAX)];
}

/** A file must not steer the terminal it is shown on. */
function printable(line: string): string {
  return line.trimEnd().replaceAll(/\p{Cc}/gu, '');
}
