/**
 * Closes a listening socket that shares its port (SO_REUSEPORT) without losing a connection.
 *
 * When such a socket is closed the kernel resets the connections that wait in its queue, and until
 * then it goes on handing new ones to it. So the close has to come right after a look at the queue
 * that found it empty, at a moment when nothing new is likely to arrive:
 *
 * - while the close is pending, whoever owns the server holds new connections unanswered, so
 *   clients that wait for an answer before they connect again fall silent;
 * - the thread sleeps, looks at the queue, and closes within the same turn of its event loop if
 *   that turn took next to no time: a thread fresh from sleep is hardly ever preempted;
 * - how long nothing must have arrived shrinks as time passes, so that a steady stream of
 *   connections delays the close by no more than {@link CLOSE_MS_MAX}.
 *
 * `docs/decisions/0003-hand-over.md` has the measurements.
 */

import type { Server } from 'node:net';
import type { Clock } from '../../base/clock.ts';

/** Between two looks. */
const NAP_MS = 1;
/** A turn of the event loop in which nothing was done takes less. */
const IDLE_TURN_MS = 0.05;
const CLOSE_MS_MAX = 100;

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
  return new Promise((resolve) => {
    const look = (): void => {
      const turnMs = clock.now();
      // Immediates run right behind the poll for connections.
      setImmediate(() => {
        const nowMs = clock.now();
        if (options.accepted() !== seen) {
          seen = options.accepted();
          silentSinceMs = nowMs;
        }
        const spentMs = nowMs - startMs;
        const isQuiet = nowMs - silentSinceMs >= silenceMs(spentMs);
        if ((isQuiet && nowMs - turnMs < IDLE_TURN_MS) || spentMs >= CLOSE_MS_MAX) {
          closeNow(server);
          resolve();
        } else setTimeout(look, NAP_MS);
      });
    };
    setTimeout(look, NAP_MS);
  });
}

/** Node's handle of a listening server. */
interface ServerWithHandle {
  _handle: { close(): void } | null;
}

/**
 * The descriptor first: `Server.close` runs for the first time in the life of most threads here, and
 * takes 150 us before it gets there. It finds a handle that is closing, and does the rest.
 */
function closeNow(server: Server): void {
  (server as unknown as ServerWithHandle)._handle?.close();
  server.close();
}

/** How long nothing must have arrived. */
function silenceMs(spentMs: number): number {
  if (spentMs < CLOSE_MS_MAX * 0.6) return 10;
  return spentMs < CLOSE_MS_MAX * 0.8 ? 2 : 0.5;
}
