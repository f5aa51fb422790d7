/**
 * A listening socket that accepts nobody and whose queue is full: a connection attempt to it hangs.
 * Its thread listens and then sleeps for good.
 */

import * as net from 'node:net';
import type { TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Endpoint } from '../../../src/config/cluster.ts';

const LISTEN = `
const { parentPort } = require('node:worker_threads');
const server = require('node:net').createServer();
server.listen(0, '127.0.0.1', 1, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;
/** The kernel queues one more than the backlog of 1. */
const QUEUED = 2;

export async function deafServer(t: TestContext): Promise<Endpoint> {
  const worker = new Worker(LISTEN, { eval: true });
  t.after(() => worker.terminate());
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  for (let i = 0; i < QUEUED; i++) {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => {});
    t.after(() => socket.destroy());
    await new Promise((resolve) => socket.once('connect', resolve));
  }
  return { address: '127.0.0.1', port, weight: 1 };
}
