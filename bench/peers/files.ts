/** Writing what another process watches: the new text appears at once and whole, or not at all. */

import { renameSync, writeFileSync } from 'node:fs';

export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
