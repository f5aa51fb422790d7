/**
 * The closed loop: wrk keeps a fixed number of connections busy, each sending the next request when the
 * answer is there. It shows what a proxy can do and what a request costs it; its latencies are those of
 * a proxy at full load, so they are no promise for a calmer one (the open loop measures that).
 */

import { fileURLToPath } from 'node:url';
import type { Processes } from '../harness/processes.ts';

export interface LoadShape {
  /** Target on 127.0.0.1. */
  readonly port: number;
  readonly path: string;
  /** Above 0: each request takes one of the paths /r0/item .. /r(n-1)/item at random. */
  readonly routes: number;
  readonly method: 'GET' | 'POST';
  readonly bodyBytes: number;
  readonly connections: number;
}

export interface ClosedLoopResult {
  readonly requests: number;
  readonly seconds: number;
  /** Answers above 399, broken connections and time-outs. */
  readonly failed: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

const SCRIPT = fileURLToPath(new URL('./report.lua', import.meta.url));

export function wrkCommand(shape: LoadShape, seconds: number): string[] {
  return [
    'wrk',
    '--threads=1',
    `--connections=${shape.connections}`,
    `--duration=${Math.max(1, Math.ceil(seconds))}s`,
    '--timeout=5s',
    `--script=${SCRIPT}`,
    `http://127.0.0.1:${shape.port}${shape.path}`,
    '--',
    String(shape.routes),
    shape.method,
    String(shape.bodyBytes),
  ];
}

const FIELDS = [
  'requests',
  'durationUs',
  'connect',
  'read',
  'write',
  'timeout',
  'status',
  'p50Us',
  'p90Us',
  'p99Us',
  'p999Us',
  'maxUs',
] as const;

/** The script's line out of what wrk printed; null when there is none or it lacks a number. */
export function parseWrk(text: string): ClosedLoopResult | null {
  const line = /^BENCH (\{.*\})$/m.exec(text)?.[1];
  if (line === undefined) return null;
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
  const numbers = Object.fromEntries(FIELDS.map((name) => [name, Number(raw[name])]));
  const at = (name: (typeof FIELDS)[number]) => numbers[name] ?? Number.NaN;
  if (FIELDS.some((name) => !Number.isFinite(at(name))) || at('durationUs') <= 0) return null;
  return {
    requests: at('requests'),
    seconds: at('durationUs') / 1e6,
    failed: at('connect') + at('read') + at('write') + at('timeout') + at('status'),
    p50Ms: at('p50Us') / 1e3,
    p90Ms: at('p90Us') / 1e3,
    p99Ms: at('p99Us') / 1e3,
    p999Ms: at('p999Us') / 1e3,
    maxMs: at('maxUs') / 1e3,
  };
}

/** Throws an Error with wrk's own words when it gives no figures. */
export async function runWrk(
  processes: Processes,
  shape: LoadShape,
  seconds: number,
  core: number | null,
): Promise<ClosedLoopResult> {
  const running = processes.launch({
    name: 'wrk',
    command: wrkCommand(shape, seconds),
    core,
    piped: true,
  });
  const exit = await running.waitExit((seconds + 20) * 1_000);
  if (exit === null) {
    await running.stop();
    throw new Error(`wrk did not end within ${seconds + 20} s`);
  }
  const result = parseWrk(running.stdout);
  if (result === null) {
    throw new Error(
      `wrk gave no figures (exit ${exit.code}): ${running.lastWords()}${running.stdout.slice(-400)}`,
    );
  }
  return result;
}
