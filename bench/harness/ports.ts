/** Free loopback ports, found by binding port 0. Each is handed out once per run. */

import { createServer } from 'node:net';

const given = new Set<number>();

function probePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0, exclusive: true }, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** A port nobody listens on now. The kernel does not hold it: use it soon. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await probePort();
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
}
