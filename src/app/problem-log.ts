/** Writes the problems of the configuration to the log, each when it turns up and not again while it lasts. */

import type { Log } from '../base/log.ts';
import type { Problem } from '../control/resource.ts';
import { formatProblem } from '../control/schema/report.ts';

export class ProblemLog {
  readonly #log: Log;
  #known: ReadonlySet<string> = new Set();

  constructor(log: Log) {
    this.#log = log;
  }

  /** All problems as they are now. */
  show(problems: readonly Problem[]): void {
    const now = new Set<string>();
    for (const problem of problems) {
      const text = formatProblem(problem);
      if (!now.has(text) && !this.#known.has(text)) {
        this.#log.write(problem.severity === 'error' ? 'error' : 'warn', text);
      }
      now.add(text);
    }
    if (now.size === 0 && this.#known.size > 0) {
      this.#log.write('info', 'the configuration has no problem any more');
    }
    this.#known = now;
  }
}
