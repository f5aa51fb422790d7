import type { Resolution, Resolver } from '../resolver.ts';

/** Answers when the test says so, in order of the questions. */
export class ScriptedResolver implements Resolver {
  /** Every name ever asked for. */
  readonly asked: string[] = [];
  readonly #open: PromiseWithResolvers<Resolution>[] = [];

  resolve(hostname: string): Promise<Resolution> {
    this.asked.push(hostname);
    const question = Promise.withResolvers<Resolution>();
    this.#open.push(question);
    return question.promise;
  }

  /** Answers the oldest open question, and returns when that has been dealt with. */
  async answer(addresses: readonly string[], ttlMs: number | null = null): Promise<void> {
    this.#next().resolve({ addresses, ttlMs });
    await settled();
  }

  async fail(message: string): Promise<void> {
    this.#next().reject(new Error(message));
    await settled();
  }

  #next(): PromiseWithResolvers<Resolution> {
    const question = this.#open.shift();
    if (question === undefined) throw new Error('nobody has asked');
    return question;
  }
}

/** All promise callbacks that can run have run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
