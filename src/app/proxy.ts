/**
 * `tulle up`: starts the workers, and while they load their code loads what drives them. Ends with an
 * exit code: 0 after a drain; 1 when there is nothing to serve, an address cannot be had, or
 * requests had to be cut.
 */

import { systemClock } from '../base/clock.ts';
import { createProcessLog } from '../observe/process-log.ts';
import type { UpOptions } from './options.ts';
import { StopSignals } from './stop-signals.ts';
import { Supervisor } from './supervisor.ts';

export async function runProxy(options: UpOptions): Promise<number> {
  const clock = systemClock;
  const { logJson, color } = options.terminal;
  const log = createProcessLog(options.logLevel, process.stderr, { json: logJson, color, clock });
  const supervisor = new Supervisor(options, { clock, log });
  supervisor.start();
  const signals = new StopSignals(clock);
  try {
    const { serve } = await import('./serve.ts');
    return await serve(options, { clock, log, supervisor, signals });
  } finally {
    signals.close();
    await supervisor.stop();
  }
}
