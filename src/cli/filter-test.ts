/** `tulle filter test`: cases in YAML, run against a filter with no proxy around it. */

import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { oneOf } from './flags.ts';
import { CliError, type CliIo, EXIT_OK, EXIT_PROBLEM } from './io.ts';

const HELP = `
A file holds documents with a filter and its cases; a directory stands for all
*.test.yaml below it. Every case has a fresh guest.

Examples:
  tulle filter test filters/auth.test.yaml
  tulle filter test filters --junit report.xml

Exit codes: 0 all passed, 1 a case failed or a file has a mistake, 2 wrong usage.
`;

interface TestFlags {
  readonly output: 'tap' | 'json';
  readonly junit?: string;
}

export function addFilterTest(group: Command, io: CliIo, onExit: (code: number) => void): void {
  group
    .command('test')
    .summary('cases with what a filter has to do')
    .description('Runs cases against filters and prints what differs, as TAP.')
    .argument('<file...>', 'files, or directories of *.test.yaml')
    .option('-o, --output <format>', 'tap or json', (text) => oneOf(text, ['tap', 'json']), 'tap')
    .option('--junit <file>', 'writes a JUnit report, too')
    .addHelpText('after', HELP)
    .action(async (paths: string[], flags: TestFlags) => {
      onExit(await testAll(paths, flags, io));
    });
}

async function testAll(paths: string[], flags: TestFlags, io: CliIo): Promise<number> {
  const { systemClock } = await import('../base/clock.ts');
  const { ScriptError } = await import('../app/workbench/read-script.ts');
  const { runTests, testFiles } = await import('../app/workbench/run-tests.ts');
  const { junitReport, tapResult } = await import('./filter-report.ts');
  const asTap = flags.output === 'tap';
  try {
    let count = 0;
    if (asTap) io.out('TAP version 14\n');
    const results = await runTests(testFiles(paths), systemClock, (result) => {
      count++;
      if (asTap) io.out(tapResult(result, count));
    });
    const ok = results.every(({ failures }) => failures.length === 0);
    if (asTap) io.out(`1..${count}\n`);
    else io.out(`${JSON.stringify({ ok, results }, null, 2)}\n`);
    if (flags.junit !== undefined) writeReport(flags.junit, junitReport(results));
    return ok ? EXIT_OK : EXIT_PROBLEM;
  } catch (error) {
    if (error instanceof ScriptError) throw new CliError(error.message);
    throw error;
  }
}

function writeReport(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new CliError(`--junit ${path}: ${(error as Error).message}`);
  }
}
