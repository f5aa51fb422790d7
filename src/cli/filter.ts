/** `tulle filter`: the workbench of whoever writes filters. */

import type { Command } from 'commander';
import { addFilterInspect } from './filter-inspect.ts';
import { addFilterRun } from './filter-run.ts';
import { addFilterTest } from './filter-test.ts';
import type { CliIo } from './io.ts';

export function addFilter(program: Command, io: CliIo, onExit: (code: number) => void): void {
  const group = program
    .command('filter')
    .summary('run, test and look at one filter')
    .description('Runs, tests and looks at one proxy-wasm filter, with no proxy around it.');
  addFilterRun(group, io, onExit);
  addFilterTest(group, io, onExit);
  addFilterInspect(group, io, onExit);
}
