import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { InstanceBudget } from './budget.ts';

describe('instance budget', () => {
  it('admits up to its bound and again after a release', () => {
    const budget = InstanceBudget.create(1, 2);
    assert.equal(budget.acquire(), true);
    assert.equal(budget.acquire(), true);
    assert.equal(budget.acquire(), false);
    assert.equal(budget.live, 2);
    budget.release();
    assert.equal(budget.acquire(), true);
  });

  it('is one for all workers', () => {
    const main = InstanceBudget.create(3, 2);
    const worker = InstanceBudget.attach(main.shared, 1, 2);
    assert.equal(main.acquire(), true);
    assert.equal(worker.acquire(), true);
    assert.equal(main.acquire(), false);
    assert.equal(worker.acquire(), false);
    assert.deepEqual([main.own, worker.own, main.live], [1, 1, 2]);
  });

  it('takes back what a dead worker held', () => {
    const main = InstanceBudget.create(2, 10);
    const worker = InstanceBudget.attach(main.shared, 1, 10);
    for (let i = 0; i < 4; i++) worker.acquire();
    main.acquire();
    main.reclaim(1);
    assert.deepEqual([main.live, worker.own], [1, 0]);
  });

  it('throws on a release without an acquire and on a slot there is not', () => {
    const budget = InstanceBudget.create(1, 1);
    assert.throws(() => budget.release(), /released more/);
    assert.throws(() => InstanceBudget.attach(budget.shared, 1), /no slot 1/);
  });

  it('never admits too many from several threads at once', async () => {
    const budget = InstanceBudget.create(3, 1_000);
    const source = `
      import { parentPort, workerData } from 'node:worker_threads';
      const { InstanceBudget } = await import(workerData.module);
      const budget = InstanceBudget.attach(workerData.shared, workerData.slot, 1000);
      let admitted = 0;
      for (let i = 0; i < 20_000; i++) {
        if (!budget.acquire()) continue;
        if (i % 3 === 0) budget.release();
        else admitted++;
      }
      parentPort.postMessage(admitted);
    `;
    const module = new URL('./budget.ts', import.meta.url).href;
    const run = (slot: number): Promise<number> =>
      new Promise((resolve, reject) => {
        const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
        const worker = new Worker(url, { workerData: { module, shared: budget.shared, slot } });
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    const admitted = await Promise.all([run(1), run(2)]);
    assert.equal(
      admitted.reduce((sum, count) => sum + count, 0),
      budget.live,
    );
    assert.equal(budget.live, 1_000);
  });
});
