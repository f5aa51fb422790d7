/** `tulle up`: runs gateway, filters and services from resource files until it is told to stop. */

import { existsSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { HostPort, Terminal, UpOptions } from '../app/options.ts';
import type { LogLevel } from '../base/log.ts';
import {
  adminListenOption,
  collect,
  defaultWorkers,
  drainOption,
  parseLogLevel,
  parseWorkers,
} from './flags.ts';
import { CliError, type CliIo, EXIT_PROBLEM } from './io.ts';
import { renderTable } from './table.ts';

const HELP = `
Without -f, ./tulle.yaml is read. Files are watched: a valid change is in force at
once, an invalid one is reported and changes nothing. SIGTERM drains, SIGHUP
re-reads the files and opens the access log anew.

Examples:
  tulle up -f examples/shop
  tulle up -f mesh.yaml --access-log - --workers 2
  tulle up -f mesh.yaml --access-log access.log \\
    --access-log-format '%START_TIME% %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %DURATION%'
`;

const DEFAULT_FILE = 'tulle.yaml';

interface UpFlags {
  readonly file?: readonly string[];
  readonly workers: number;
  readonly admin: HostPort | 'off';
  readonly accessLog: string;
  readonly accessLogFormat: string;
  readonly record?: string;
  readonly logLevel: LogLevel;
  readonly drainTimeout: number;
  readonly cacheDir?: string;
  readonly plainHttpRegistry?: readonly string[];
}

/** Runs a proxy until it ends and gives its exit code. */
export type RunProxy = (options: UpOptions) => Promise<number>;

export function addUp(
  program: Command,
  io: CliIo,
  runProxy: RunProxy,
  onExit: (code: number) => void,
): void {
  program
    .command('up')
    .summary('run gateway, filters and services from resource files')
    .description(
      'Runs gateway, filters and services from resource files, and follows their changes.',
    )
    .option('-f, --file <path>', 'resource file or directory; may be repeated', collect)
    .option('--workers <n>', 'data plane threads', parseWorkers, defaultWorkers())
    .addOption(adminListenOption())
    .option('--access-log <path>', 'a file, - for standard output, or off', 'off')
    .option(
      '--access-log-format <format>',
      'json, text, or a template with operators such as %RESPONSE_CODE%',
      'json',
    )
    .option('--record <directory>', 'write down what passes filters, for tulle filter run --replay')
    .option('--log-level <level>', 'trace, debug, info, warn, error or off', parseLogLevel, 'info')
    .addOption(drainOption())
    .option('--cache-dir <path>', 'where fetched modules are kept (default: ~/.cache/tulle)')
    .option(
      '--plain-http-registry <host>',
      'HOST[:PORT] of a registry without TLS; may be repeated',
      collect,
    )
    .addHelpText('after', HELP)
    .action(async (flags: UpFlags) => {
      await checkFormat(flags.accessLogFormat);
      onExit(await runProxy(upOptions(flags, io)));
    });
}

/** The usual ones need no look, so that the compiler of formats is loaded for others only. */
async function checkFormat(text: string): Promise<void> {
  if (text === 'json' || text === 'text') return;
  const { compileFormat } = await import('../observe/access-format.ts');
  const { isFormatError } = await import('../observe/format-error.ts');
  const format = compileFormat(text);
  if (!isFormatError(format)) return;
  throw new CliError(`--access-log-format '${text}': ${format.error}`);
}

function upOptions(flags: UpFlags, io: CliIo): UpOptions {
  return {
    files: filesOrDefault(flags.file),
    workers: flags.workers,
    admin: flags.admin === 'off' ? null : flags.admin,
    accessLog: flags.accessLog,
    accessLogFormat: flags.accessLogFormat,
    ...(flags.record === undefined ? {} : { record: recordDirectory(flags.record) }),
    logLevel: flags.logLevel,
    drainMs: flags.drainTimeout,
    fetch: {
      ...(flags.cacheDir === undefined ? {} : { cacheDirectory: resolve(flags.cacheDir) }),
      plainHttp: (flags.plainHttpRegistry ?? []).map((host) => host.toLowerCase()),
    },
    terminal: terminalOf(io, flags.accessLog),
  };
}

/** Made where it is not there; what is recorded is for its owner alone. */
function recordDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return resolve(path);
  } catch (error) {
    throw new CliError(`--record ${path}: ${(error as Error).message}`);
  }
}

/** What `-f` names, or ./tulle.yaml. */
export function filesOrDefault(files: readonly string[] | undefined): readonly string[] {
  if (files === undefined && existsSync(DEFAULT_FILE)) return [DEFAULT_FILE];
  if (files === undefined) {
    throw new CliError('no resource files: name them with -f FILE|DIR, or write ./tulle.yaml');
  }
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined) {
    throw new CliError(`there is no file or directory ${missing}`, EXIT_PROBLEM);
  }
  return files;
}

/** Standard output belongs to the access log where that is asked for. */
function terminalOf(io: CliIo, accessLog: string): Terminal {
  const toErr = accessLog === '-';
  const write = (text: string): void => (toErr ? io.err(text) : io.out(text));
  const color = toErr ? io.errColor : io.outColor;
  return {
    logJson: !io.errIsTerminal,
    color: io.errColor,
    printTable: (columns, rows) => write(renderTable(columns, rows, color)),
    print: (line) => write(`${line}\n`),
    fail: (line) => io.err(`tulle: ${line}\n`),
  };
}
