/**
 * SIGTERM and SIGINT. The first asks for an orderly end, the second for one at once. Process
 * managers and terminals send one signal to several processes that pass it on to each other, so
 * what comes right behind a signal counts as the same.
 */

import type { Clock } from '../base/clock.ts';

const SAME_MS = 100;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export class StopSignals {
  readonly first: Promise<void>;
  readonly second: Promise<void>;
  readonly #close: () => void;

  /** Catches signals until {@link close}. */
  constructor(clock: Clock, source: NodeJS.EventEmitter = process) {
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    this.first = first.promise;
    this.second = second.promise;
    let firstMs = -1;
    const caught = (): void => {
      const nowMs = clock.now();
      if (firstMs === -1) {
        firstMs = nowMs;
        first.resolve();
      } else if (nowMs - firstMs >= SAME_MS) second.resolve();
    };
    for (const signal of SIGNALS) source.on(signal, caught);
    this.#close = () => {
      for (const signal of SIGNALS) source.off(signal, caught);
    };
  }

  close(): void {
    this.#close();
  }
}
