/** Bytes of the guests that are committed under test/guests. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const GUESTS = join(import.meta.dirname, '../../../../test/guests');

export const guestPath = (guest: string): string => join(GUESTS, `${guest}.wasm`);

export function guestBytes(guest: string): Uint8Array {
  return readFileSync(guestPath(guest));
}
