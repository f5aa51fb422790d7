/** `tulle check`: the validation of `tulle up` without serving anything. */

import type { Command } from 'commander';
import type { CheckReport } from '../app/options.ts';
import type { Problem } from '../control/resource.ts';
import { collect, type Output, parseOutput } from './flags.ts';
import { type CliIo, EXIT_OK, EXIT_PROBLEM } from './io.ts';
import { filesOrDefault } from './up.ts';

const HELP = `
Without -f, ./tulle.yaml is read. Exit code 1 when there is an error; warnings alone
leave it 0. With -o json each problem is an object with its file, line and column.

Examples:
  tulle check -f examples/shop
  tulle check -f mesh.yaml -o json | jq -r '.problems[].message'
`;

/** Reads and compiles files as `tulle up` would. */
export type CheckFiles = (files: readonly string[]) => Promise<CheckReport>;

interface CheckFlags {
  readonly file?: readonly string[];
  readonly output: Output;
}

export function addCheck(
  program: Command,
  io: CliIo,
  checkFiles: CheckFiles,
  onExit: (code: number) => void,
): void {
  program
    .command('check')
    .summary('find mistakes in resource files')
    .description('Validates resource files and names every problem with its place and a remedy.')
    .option('-f, --file <path>', 'resource file or directory; may be repeated', collect)
    .option('-o, --output <format>', 'table or json', parseOutput, 'table')
    .addHelpText('after', HELP)
    .action(async (flags: CheckFlags) => {
      const report = await checkFiles(filesOrDefault(flags.file));
      const errors = countOf(report.problems, 'error');
      if (flags.output === 'json') io.out(jsonReport(report, errors));
      else io.out(await textReport(report, errors, io));
      onExit(errors === 0 ? EXIT_OK : EXIT_PROBLEM);
    });
}

function countOf(problems: readonly Problem[], severity: Problem['severity']): number {
  return problems.filter((problem) => problem.severity === severity).length;
}

function jsonReport(report: CheckReport, errors: number): string {
  const warnings = report.problems.length - errors;
  const { files, resources, problems } = report;
  return `${JSON.stringify({ ok: errors === 0, files, resources, errors, warnings, problems }, null, 2)}\n`;
}

async function textReport(report: CheckReport, errors: number, io: CliIo): Promise<string> {
  const { formatProblem } = await import('../control/schema/report.ts');
  const warnings = report.problems.length - errors;
  const read = `${plural(report.resources, 'resource')} in ${plural(report.files, 'file')}`;
  const found = [
    ...(errors === 0 ? [] : [plural(errors, 'error')]),
    ...(warnings === 0 ? [] : [plural(warnings, 'warning')]),
  ];
  const verdict = found.length === 0 ? 'no problem' : found.join(', ');
  const lines = report.problems.map((problem) => {
    const text = formatProblem(problem);
    return `${io.outColor ? colored(text, problem) : text}\n`;
  });
  return `${lines.join('')}${read}: ${verdict}\n`;
}

function colored(text: string, { severity }: Problem): string {
  const code = severity === 'error' ? 31 : 33;
  return text.replace(`${severity}:`, (word) => `\u001B[${code}m${word}\u001B[0m`);
}

function plural(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
