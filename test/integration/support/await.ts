/** Waiting for what happens elsewhere in this process. */

import * as net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterSnapshot } from '../../../src/data/cluster/cluster.ts';
import type { LoggedRequest, TestPlane } from './data-plane.ts';
import type { Wire } from './wire.ts';

const PATIENCE_MS = 5_000;

/** What of a {@link TestPlane} is looked at here. */
export interface Watched {
  readonly port: number;
  readonly log: readonly LoggedRequest[];
  readonly plane: Pick<TestPlane['plane'], 'figures'>;
}

/** Looks again and again until `condition` holds; fails with `what` when it never does. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > untilMs) throw new Error(`never happened: ${what}`);
    await delay(2);
  }
}

/** Resolves once a figure has stood still above 0 for a tenth of a second. */
export async function settled(figure: () => number): Promise<void> {
  let last = 0;
  let sinceMs = performance.now();
  await eventually(() => {
    const now = figure();
    if (now !== last) sinceMs = performance.now();
    last = now;
    return now > 0 && performance.now() - sinceMs > 100;
  }, 'a figure that stands still');
}

/** The data plane's own end of a client's connection. */
export function ownEnd(plane: Watched, client: Wire): net.Socket {
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  const { localPort } = client.socket;
  const own = handles.find(
    (handle): handle is net.Socket =>
      handle instanceof net.Socket &&
      handle.localPort === plane.port &&
      handle.remotePort === localPort,
  );
  if (own === undefined) throw new Error('the data plane has no such connection');
  return own;
}

/** The log entry with this number (from 0) once the request is over. */
export async function logged(plane: Watched, index = 0): Promise<LoggedRequest> {
  await eventually(() => plane.log.length > index, `${index + 1} finished requests`);
  return plane.log[index] as LoggedRequest;
}

export function clusterOf(plane: Watched, name = 'backend/default/test'): ClusterSnapshot {
  return plane.plane.figures().clusters[name] as ClusterSnapshot;
}

/** No request is counted anywhere and no client is connected. */
export async function allQuiet(plane: Watched, name?: string): Promise<void> {
  await eventually(() => {
    const { active, pending, endpoints } = clusterOf(plane, name);
    const requests = endpoints.reduce((sum, endpoint) => sum + endpoint.activeRequests, 0);
    return active === 0 && pending === 0 && requests === 0;
  }, 'no request counted as active');
}
