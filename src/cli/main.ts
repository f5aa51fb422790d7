/**
 * The `tulle` command: a list of verbs, one file each. Exit codes: 0 done, 1 a problem was found,
 * 2 it was asked wrongly. What a verb needs of the proxy is loaded when the verb runs, so that
 * `tulle get` and `--help` start fast.
 */

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addCheck, type CheckFiles } from './check.ts';
import { useCompileCache } from './compile-cache.ts';
import { addDrain } from './drain.ts';
import { addFilter } from './filter.ts';
import { addGet } from './get.ts';
import { CliError, type CliIo, EXIT_OK, EXIT_PROBLEM, EXIT_USAGE, systemIo } from './io.ts';
import { addTap } from './tap.ts';
import { addUp, type RunProxy } from './up.ts';

const HELP = `
Examples:
  tulle up -f examples/shop        serve what the files there describe
  tulle check -f mesh.yaml         find mistakes before they are served
  tulle get routes                 what a running process serves
  tulle tap                        its requests as they happen
  tulle filter run filter.wasm     one request through one filter

Exit codes: 0 done, 1 a problem was found, 2 wrong usage.
Colours are off where the output is no terminal or NO_COLOR is set.
`;

/** The two verbs that need more than an admin address; tests hand in others. */
export interface Actions {
  readonly runProxy: RunProxy;
  readonly checkFiles: CheckFiles;
}

const realActions: Actions = {
  runProxy: async (options) => {
    useCompileCache();
    return (await import('../app/proxy.ts')).runProxy(options);
  },
  checkFiles: async (files) => (await import('../app/check.ts')).checkFiles(files),
};

/** Runs one command line (`process.argv.slice(2)`) and gives the exit code; never throws. */
export async function main(
  argv: readonly string[],
  io: CliIo = systemIo(),
  actions: Actions = realActions,
): Promise<number> {
  let exitCode: number = EXIT_OK;
  const setExit = (code: number): void => {
    exitCode = code;
  };
  const program = createProgram(io);
  addUp(program, io, actions.runProxy, setExit);
  addCheck(program, io, actions.checkFiles, setExit);
  addGet(program, io);
  addTap(program, io);
  addDrain(program, io);
  addFilter(program, io, setExit);
  for (const verb of program.commands) verb.copyInheritedSettings(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return exitCodeOf(error, io);
  }
}

function createProgram(io: CliIo): Command {
  const program = new Command('tulle');
  program
    .description('A service mesh in one small process: HTTP gateway, Wasm filters, Wasm services.')
    .version(versionText(), '-V, --version', 'print the version')
    .addHelpText('after', HELP)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: (text, write) => write(oneLine(text)),
      getOutHasColors: () => io.outColor,
      getErrHasColors: () => io.errColor,
    });
  return program;
}

/** Commander puts its "did you mean" on a line of its own. */
function oneLine(text: string): string {
  const line = text.trim().replaceAll(/\s*\n\s*/g, ' ');
  return `${line.replace(/^error: /, 'tulle: ')}\n`;
}

function exitCodeOf(error: unknown, io: CliIo): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
  if (error instanceof CliError) {
    io.err(`tulle: ${error.message}\n`);
    return error.exitCode;
  }
  io.err(`tulle: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT_PROBLEM;
}

/** From package.json, two folders up both in `src/` and in `dist/`. */
export function versionText(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
