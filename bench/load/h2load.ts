/** A counted closed loop: exactly so many requests, which wrk cannot do. h2load speaks HTTP/1.1 on demand. */

import type { Processes } from '../harness/processes.ts';

export interface CountedResult {
  readonly succeeded: number;
  readonly failed: number;
}

/** h2load's `requests:` line; null when absent. Answers above 399 count as failed. */
export function parseH2load(text: string): CountedResult | null {
  const requests =
    /^requests: (\d+) total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed, (\d+) errored/m.exec(
      text,
    );
  const codes = /^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/m.exec(text);
  if (requests === null || codes === null) return null;
  const good = Number(codes[1]);
  return { succeeded: good, failed: Number(requests[1]) - good };
}

/** Throws an Error when h2load gives no figures or takes longer than `timeoutMs`. */
export async function runCounted(
  processes: Processes,
  target: { port: number; path: string; requests: number; connections: number },
  core: number | null,
  timeoutMs: number,
): Promise<CountedResult> {
  const command = [
    'h2load',
    '--h1',
    '--threads=1',
    `--requests=${target.requests}`,
    `--clients=${target.connections}`,
    `http://127.0.0.1:${target.port}${target.path}`,
  ];
  const running = processes.launch({ name: 'h2load', command, core, piped: true });
  if ((await running.waitExit(timeoutMs)) === null) {
    await running.stop();
    throw new Error(`h2load did not send ${target.requests} requests within ${timeoutMs} ms`);
  }
  const result = parseH2load(running.stdout);
  if (result === null) throw new Error(`h2load gave no figures: ${running.lastWords()}`);
  return result;
}
