/** `tulle filter run --replay`: recorded requests through a filter again, and what is different. */

import type { ReplayDifference } from '../app/workbench/record/replay.ts';
import type { FilterSource } from '../app/workbench/workbench-filter.ts';
import type { CliIo } from './io.ts';
import { EXIT_OK, EXIT_PROBLEM } from './io.ts';

/** `file`: as `tulle up --record` writes them. Exit code 1 where something differs. */
export async function replayAll(
  module: WebAssembly.Module,
  source: FilterSource,
  file: string,
  asJson: boolean,
  io: CliIo,
): Promise<number> {
  const { systemClock } = await import('../base/clock.ts');
  const { readRecordings } = await import('../app/workbench/record/read-recordings.ts');
  const { replay, sameConfiguration } = await import('../app/workbench/record/replay.ts');
  let different = 0;
  let skipped = 0;
  const recordings = readRecordings(file);
  if (recordings.some(({ recording }) => !sameConfiguration(source, recording))) {
    io.err('tulle: recorded with another configuration: give it with --config\n');
  }
  for (const one of recordings) {
    const done = replay(module, source, one, systemClock);
    if (done.skipped !== '') skipped++;
    if (done.differences.length > 0) different++;
    if (asJson) io.out(`${JSON.stringify({ event: 'replay', ...done })}\n`);
    else io.out(replayText(`${file}:${done.line} ${done.request}`, done));
  }
  const same = recordings.length - different - skipped;
  if (!asJson) io.out(`${same} the same, ${different} different, ${skipped} skipped\n`);
  return different === 0 ? EXIT_OK : EXIT_PROBLEM;
}

function replayText(
  title: string,
  { skipped, differences }: { skipped: string; differences: readonly ReplayDifference[] },
): string {
  if (skipped !== '') return `skipped ${title}: ${skipped}\n`;
  if (differences.length === 0) return `same ${title}\n`;
  return `different ${title}\n${differences.map(differenceText).join('')}`;
}

/** Lines that both have are left out. */
function differenceText({ what, recorded, replayed }: ReplayDifference): string {
  const before = recorded.split('\n');
  const now = replayed.split('\n');
  const gone = before.filter((line) => !now.includes(line)).map((line) => `    - ${line}\n`);
  const added = now.filter((line) => !before.includes(line)).map((line) => `    + ${line}\n`);
  const order = gone.length + added.length === 0 ? '    the same lines in another order\n' : '';
  return `  ${what}\n${gone.join('')}${added.join('')}${order}`;
}
