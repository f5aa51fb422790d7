/**
 * Holds the admin address from the moment that it is known to be free until the admin server, whose
 * code is loaded when requests are served already, takes it over.
 */

import { once } from 'node:events';
import { createServer } from 'node:net';
import type { HostPort } from './options.ts';

export interface HeldAddress {
  release(): Promise<void>;
}

/** Null where it cannot be had. */
export async function holdAddress(address: HostPort): Promise<HeldAddress | null> {
  const server = createServer((socket) => socket.destroy());
  server.listen(address);
  try {
    await once(server, 'listening');
  } catch {
    return null;
  }
  const release = async (): Promise<void> => {
    server.close();
    await once(server, 'close');
  };
  return { release };
}
