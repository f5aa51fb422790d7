/** A thread of the tests of shared state: does what `workerData` says and reports. */

import { parentPort, workerData } from 'node:worker_threads';
import { systemScheduler } from '../../../base/scheduler.ts';
import { attachSharedState } from '../shared-state.ts';

export interface ThreadTask {
  readonly shared: SharedArrayBuffer;
  readonly slot: number;
  /** `add`: adds 1 to the number under `key` so often. `hold`: never comes back with the lock. */
  readonly task: 'add' | 'consume' | 'produce' | 'hold';
  readonly count: number;
}

const { shared, slot, task, count } = workerData as ThreadTask;
const state = attachSharedState(shared, slot, systemScheduler);

if (task === 'add') {
  const bytes = Buffer.alloc(8);
  let lost = 0;
  for (let i = 0; i < count; ) {
    const found = state.data.get('', 'counter');
    if (found !== null) bytes.set(found.value);
    else bytes.fill(0);
    bytes.writeBigUInt64LE(bytes.readBigUInt64LE() + 1n);
    if (state.data.set('', 'counter', bytes, found?.cas ?? 0) === 'ok') i++;
    else lost++;
  }
  parentPort?.postMessage(lost);
} else if (task === 'produce') {
  const token = state.queues.resolve('', 'queue');
  for (let i = 0; i < count; ) {
    if (state.queues.enqueue(token, Buffer.from(`${slot}:${i}`)) === 'ok') i++;
  }
} else if (task === 'consume') {
  state.queues.register('', 'queue', (token) => {
    const item = state.queues.dequeue(token) ?? null;
    parentPort?.postMessage(item === null ? null : Buffer.from(item).toString());
  });
  parentPort?.postMessage('ready');
  // Something to keep the thread alive.
  parentPort?.on('message', () => {});
} else {
  state.queues.register('', 'queue', () => {
    parentPort?.postMessage('holding');
    for (;;);
  });
  parentPort?.postMessage('ready');
  parentPort?.on('message', () => {});
}
