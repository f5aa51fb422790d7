/**
 * What the CPU counter costs guests, and how long it takes to write it into a module.
 *
 *   node bench/micro/cpu-counter.ts [MODULE.wasm EXPORT [NUMBER]]...
 *
 * Each row runs the same code as it is and with a counter in turns, and prints the least CPU time
 * either took, and how often a millisecond the clock was looked at. Modules named on the command
 * line must need no imports.
 */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { onSliceUsed } from '../../src/runtime/instance/cpu-limit.ts';
import { SLICE } from '../../src/runtime/module/instrument/costs.ts';
import { instrument } from '../../src/runtime/module/instrument/instrument.ts';
import { type Assembly, assemble, op } from '../../src/runtime/module/testing/assemble.ts';
import { guestPath } from '../../src/runtime/module/testing/guests.ts';

const ROUNDS = 40;
const WARM_UP_MS = 300;
const ROUND_MS = 10;

let looks = 0;

function counted(bytes: Uint8Array): Uint8Array {
  const result = instrument(bytes);
  if ('reason' in result) throw new Error(result.reason);
  return result;
}

function instance(bytes: Uint8Array): WebAssembly.Exports {
  const made = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  onSliceUsed(made, () => {
    looks++;
    systemClock.now();
    return SLICE;
  });
  return made.exports;
}

interface Round {
  readonly us: number;
  readonly looksPerMs: number;
}

/** CPU time of one run, from as many as fit. */
function measure(run: () => void, leastMs: number): Round {
  let runs = 0;
  let ms = 0;
  looks = 0;
  const before = process.cpuUsage();
  do {
    run();
    runs++;
    const { user, system } = process.cpuUsage(before);
    ms = (user + system) / 1000;
  } while (ms < leastMs);
  return { us: (ms * 1000) / runs, looksPerMs: looks / ms };
}

function compare(name: string, bytes: Uint8Array, entry: string, argument: number): void {
  const runs = [bytes, counted(bytes)].map((one) => {
    const fn = instance(one)[entry] as (argument: number) => unknown;
    return () => void fn(argument);
  });
  const best: Round[] = runs.map((run) => measure(run, WARM_UP_MS));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, run] of runs.entries()) {
      const now = measure(run, ROUND_MS);
      if (now.us < (best[i] as Round).us) best[i] = now;
    }
  }
  const [plain, with_] = best as [Round, Round];
  const percent = ((with_.us / plain.us - 1) * 100).toFixed(0);
  const columns = [plain.us.toFixed(1), with_.us.toFixed(1), percent, with_.looksPerMs.toFixed(0)];
  console.log(name.padEnd(32) + columns.map((one) => one.padStart(10)).join(''));
}

const types = [{ params: ['i32'], results: ['i32'] }] as const;
const less = [...op.local(0), ...op.i32(-1), ...op.add];

const TIGHT: Assembly = {
  types,
  functions: [{ type: 0, code: [0x03, 0x40, ...less, 0x22, 0, 0x0d, 0, 0x0b, ...op.i32(0)] }],
  exports: [{ name: 'run', index: 0 }],
};

const FIBONACCI: readonly number[] = [
  [...op.local(0), ...op.i32(2), 0x48, 0x04, 0x7f, ...op.local(0), 0x05],
  [...less, ...op.call(0), ...op.local(0), ...op.i32(-2), ...op.add, ...op.call(0)],
  [...op.add, 0x0b],
].flat();

/** Fibonacci numbers by recursion: nothing but calls. */
const CALLS: Assembly = {
  types,
  functions: [
    {
      type: 0,
      code: FIBONACCI,
    },
  ],
  exports: [{ name: 'run', index: 0 }],
};

function rewriting(path: string): void {
  const bytes = readFileSync(path);
  const size = counted(bytes).length;
  const us = measure(() => void counted(bytes), 200).us;
  const growth = ((size / bytes.length - 1) * 100).toFixed(0);
  const columns = [(bytes.length / 1024).toFixed(0), (us / 1000).toFixed(1), growth];
  console.log(basename(path).padEnd(32) + columns.map((one) => one.padStart(10)).join(''));
}

console.log('us of CPU'.padEnd(32) + '     plain   counted   % more  looks/ms');
compare('loop of 5 instructions, 100,000', assemble(TIGHT), 'run', 100_000);
compare('calls only: fib(20)', assemble(CALLS), 'run', 20);
const words = process.argv.slice(2);
while (words.length > 0) {
  const [path = '', entry = ''] = words.splice(0, 2);
  const argument = /^\d+$/.test(words[0] ?? '') ? Number(words.shift()) : 0;
  compare(`${basename(path)} ${entry} ${argument}`, readFileSync(path), entry, argument);
}
console.log(`\n${'rewriting'.padEnd(32)}      KiB        ms  % larger`);
for (const guest of ['header-filter', 'js-hello', 'filter-go']) rewriting(guestPath(guest));
