/**
 * `sock_*` of the standard. A command run has no sockets, so each call says what the descriptor is
 * not; the functions exist because Go links them into every program.
 */

import { ERRNO } from './errno.ts';
import type { WasiGuest } from './guest.ts';

export function sockRefused(guest: WasiGuest, fd: number): number {
  return guest.descriptor(fd) === null ? ERRNO.badf : ERRNO.notsock;
}
