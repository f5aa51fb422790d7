/**
 * One request on a connection of its own, to see whether a proxy serves and what it adds. A reload may
 * leave old connections with old workers, so a probe never reuses one.
 */

import { request } from 'node:http';
import type { Clock } from '../../src/base/clock.ts';

export interface ProbeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bodyBytes: number;
}

export interface ProbeTarget {
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly body?: Buffer | null;
}

const PROBE_TIMEOUT_MS = 5_000;

/** Null when the connection was refused or cut, or no whole answer came in five seconds. */
export function probe(target: ProbeTarget): Promise<ProbeAnswer | null> {
  return new Promise((resolve) => {
    const outgoing = request({
      host: '127.0.0.1',
      port: target.port,
      path: target.path,
      method: target.method ?? 'GET',
      agent: false,
      timeout: PROBE_TIMEOUT_MS,
    });
    outgoing.once('error', () => resolve(null));
    outgoing.once('timeout', () => outgoing.destroy());
    outgoing.once('response', (answer) => {
      let bodyBytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bodyBytes += chunk.length;
      });
      answer.once('error', () => resolve(null));
      answer.once('end', () => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, bodyBytes });
      });
    });
    outgoing.end(target.body ?? undefined);
  });
}

export interface PollOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Ends the polling early with null, e.g. when the process has exited. */
  readonly abandoned?: () => boolean;
}

/** Probes every millisecond until an answer satisfies `wanted`; the time it took in ms, or null. */
export async function pollUntil(
  target: ProbeTarget,
  wanted: (answer: ProbeAnswer) => boolean,
  options: PollOptions,
): Promise<number | null> {
  const startMs = options.clock.now();
  for (;;) {
    const answer = await probe(target);
    const tookMs = options.clock.now() - startMs;
    if (answer !== null && wanted(answer)) return tookMs;
    if (tookMs > options.timeoutMs || options.abandoned?.() === true) return null;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
