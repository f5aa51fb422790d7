/** A backend for tests of the whole process: says `ok`, slowly where the path asks for it. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface Origin {
  readonly port: number;
  /** Requests that have begun. */
  requests(): number;
}

/** `/slow?MS` answers after so many milliseconds. */
export async function origin(t: TestContext): Promise<Origin> {
  let requests = 0;
  const server: Server = createServer((request, response) => {
    requests++;
    const [, ms] = /\/slow\?(\d+)$/.exec(request.url ?? '') ?? [];
    if (ms === undefined) response.end('ok');
    else setTimeout(() => response.end('slow ok'), Number(ms)).unref();
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, requests: () => requests };
}
