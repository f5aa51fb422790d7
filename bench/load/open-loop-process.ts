/** The harness's handle on a running open-loop generator. */

import { fileURLToPath } from 'node:url';
import type { Processes, Running } from '../harness/processes.ts';
import type { OpenLoopPlan, OpenLoopResult } from './open-loop.ts';

const MAIN = fileURLToPath(new URL('./open-loop-main.ts', import.meta.url));

export class OpenLoopProcess {
  readonly #running: Running;
  readonly #timeoutMs: number;

  constructor(processes: Processes, plan: OpenLoopPlan, core: number | null) {
    this.#timeoutMs = plan.timeoutMs + 10_000;
    this.#running = processes.launch({
      name: 'open-loop',
      command: [process.execPath, '--max-semi-space-size=64', MAIN, JSON.stringify(plan)],
      core,
      idlePriority: plan.spin && core !== null,
      piped: true,
    });
  }

  /** Ends the load. Throws an Error when the generator gives no result. */
  async finish(): Promise<OpenLoopResult> {
    this.#running.write('stop\n');
    const exit = await this.#running.waitExit(this.#timeoutMs);
    if (exit === null) await this.#running.stop();
    try {
      return JSON.parse(this.#running.stdout) as OpenLoopResult;
    } catch {
      throw new Error(`the load generator gave no result: ${this.#running.lastWords()}`);
    }
  }
}
