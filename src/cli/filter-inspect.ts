/** `tulle filter inspect`: what a module is, what it wants, whether it would load. */

import type { Command } from 'commander';
import type { Inspection } from '../app/workbench/inspect.ts';
import { type Output, parseOutput } from './flags.ts';
import { CliError, type CliIo, EXIT_OK, EXIT_PROBLEM } from './io.ts';

const HELP = `
Nothing of the module runs. Exit code 1 when the proxy would refuse it.

Examples:
  tulle filter inspect filter.wasm
  tulle filter inspect filter.wasm -o json | jq -r '.imports[].name'
`;

export function addFilterInspect(group: Command, io: CliIo, onExit: (code: number) => void): void {
  group
    .command('inspect')
    .summary('ABI, imports, callbacks, memory, and what would refuse it')
    .description('Looks at a proxy-wasm module and says whether it would load.')
    .argument('<filter>', 'a module')
    .option('-o, --output <format>', 'table or json', parseOutput, 'table')
    .addHelpText('after', HELP)
    .action(async (path: string, { output }: { readonly output: Output }) => {
      const { inspectFilter } = await import('../app/workbench/inspect.ts');
      const found = await inspectFilter(path);
      if (typeof found === 'string') throw new CliError(found, EXIT_PROBLEM);
      if (output === 'json') io.out(`${JSON.stringify(found, null, 2)}\n`);
      else io.out(await inspectionText(found, io));
      onExit(found.problems.length === 0 ? EXIT_OK : EXIT_PROBLEM);
    });
}

const KIB = 1_024;

function sizeText(bytes: number): string {
  const kib = bytes / KIB;
  return kib < KIB ? `${kib.toFixed(1)} KiB` : `${(kib / KIB).toFixed(1)} MiB`;
}

async function inspectionText(found: Inspection, io: CliIo): Promise<string> {
  const { visible } = await import('../control/schema/schema.ts');
  const { paintOf } = await import('./filter-trace.ts');
  const paint = paintOf(io.outColor);
  const { memory, problems } = found;
  const lines: [string, string][] = [
    ['module', `${found.path}, ${sizeText(found.sizeBytes)}`],
    ['abi', found.abi === null ? 'none' : `proxy-wasm ${found.abi}`],
    ['language', found.language ?? 'not known'],
    ...found.producers.map((line): [string, string] => ['producer', line]),
    ['memory', memory === null ? 'none' : memoryText(memory)],
    ['allocator', found.allocator ?? 'none'],
    ['names', found.names ? 'yes: stacks of traps have names' : 'no: stacks have numbers only'],
    ['debug info', found.debugInfo ?? 'none: build it with debug information for breakpoints'],
    ...found.callbacks.map((name): [string, string] => ['callback', name]),
    ...found.exports.map((name): [string, string] => ['export', name]),
    ...found.imports.map((one): [string, string] => ['import', importText(one)]),
  ];
  const rows = lines.map(([title, text], i) => {
    const isFirst = lines[i - 1]?.[0] !== title;
    return `${paint.bold((isFirst ? title : '').padEnd(11))} ${visible(text)}\n`;
  });
  const verdict =
    problems.length === 0
      ? paint.good('loads\n')
      : problems.map((problem) => `${paint.bad('refused:')} ${visible(problem)}\n`).join('');
  return `${rows.join('')}${verdict}`;
}

function memoryText({ initialBytes, maxBytes }: NonNullable<Inspection['memory']>): string {
  const max = maxBytes === null ? 'no maximum of its own' : `at most ${sizeText(maxBytes)}`;
  return `${sizeText(initialBytes)} at the start, ${max}`;
}

function importText({ module, name, signature, offered }: Inspection['imports'][number]): string {
  const whole = `${module}.${name} ${signature}`;
  if (offered === null) return `${whole}  NOT OFFERED`;
  return offered === signature ? whole : `${whole}  OFFERED AS ${offered}`;
}
