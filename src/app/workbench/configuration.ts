/** A filter's configuration as it is given on a command line. */

import { existsSync } from 'node:fs';
import { readBytes } from './read-script.ts';

/** `-` or the name of a file that is there is read; anything else is the configuration itself. */
export function readConfiguration(given: string): string {
  return given === '-' || existsSync(given) ? readBytes(given).toString() : given;
}
