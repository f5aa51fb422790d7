/**
 * Closes a listening socket that shares its port (SO_REUSEPORT) without losing a connection.
 *
 * When such a socket is closed the kernel resets the connections that wait in its queue, and until
 * then it goes on handing new ones to it. So the close has to come right after a look at the queue
 * that found it empty, at a moment when nothing new is likely to arrive:
 *
 * - while the close is pending, whoever owns the server holds new connections unanswered, so
 *   clients that wait for an answer before they connect again fall silent;
 * - a turn of the event loop that took next to no time looked at the queue just now;
 * - how long nothing must have arrived shrinks as time passes, so that a steady stream of
 *   connections delays the close by no more than {@link CLOSE_MS_MAX}.
 *
 * `docs/decisions/0003-hand-over.md` has the measurements.
 */

import type { Server } from 'node:net';
import type { Clock } from '../../base/clock.ts';

/** Silence that is waited for at first. */
const SILENCE_MS = 2;
/** Silence that is enough once half of the time is gone. */
const SHORT_SILENCE_MS = 0.3;
/** A turn of the event loop in which nothing was done takes less. */
const IDLE_TURN_MS = 0.03;
export const CLOSE_MS_MAX = 50;

export interface QuietCloseOptions {
  readonly clock: Clock;
  /** Connections the server has accepted so far. */
  accepted(): number;
}

/** Resolves when the socket is closed; connections that were accepted are untouched. */
export function closeWhenQuiet(server: Server, options: QuietCloseOptions): Promise<void> {
  if (!server.listening) return Promise.resolve();
  const { clock } = options;
  const startMs = clock.now();
  let seen = options.accepted();
  let silentSinceMs = startMs;
  let turnMs = startMs;
  return new Promise((resolve) => {
    // Immediates run right behind the poll for connections.
    const turn = (): void => {
      const nowMs = clock.now();
      if (options.accepted() !== seen) {
        seen = options.accepted();
        silentSinceMs = nowMs;
      }
      const spentMs = nowMs - startMs;
      const silentMs = nowMs - silentSinceMs;
      const enoughMs = spentMs < CLOSE_MS_MAX / 2 ? SILENCE_MS : SHORT_SILENCE_MS;
      const isQuiet = silentMs >= enoughMs && nowMs - turnMs < IDLE_TURN_MS;
      if (isQuiet || spentMs >= CLOSE_MS_MAX) {
        server.close();
        resolve();
        return;
      }
      turnMs = clock.now();
      setImmediate(turn);
    };
    setImmediate(turn);
  });
}
