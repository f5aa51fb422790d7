/** `random_get`. */

import { ERRNO } from './errno.ts';
import type { WasiGuest } from './guest.ts';

export function randomGet(guest: WasiGuest, pointer: number, length: number): number {
  if (!guest.memory.fits(pointer, length)) return ERRNO.fault;
  if (length !== 0) guest.host.random(guest.memory.slice(pointer, length));
  return ERRNO.success;
}
