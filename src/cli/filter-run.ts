/** `tulle filter run`: one request through one filter, with no proxy around it. */

import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { FilterSource } from '../app/workbench/workbench-filter.ts';
import type { LogLevel } from '../base/log.ts';
import { collect, oneOf, parseLogLevel } from './flags.ts';
import { CliError, type CliIo, EXIT_OK, EXIT_PROBLEM } from './io.ts';

const HELP = `
The request is a file with an HTTP/1.1 message, or YAML: method, path, authority,
headers, body or chunks, trailers, and response, callouts, properties. - reads it
from standard input. Without one it is GET /.

With --inspect the run waits for a debugger, and stops before the filter starts.

Examples:
  tulle filter run filter.wasm
  tulle filter run filter.wasm --config '{"mode": "strict"}' --request post.http
  tulle filter run filter.wasm --trace json | jq -c 'select(.event == "call")'

Exit codes: 0 the filter let the exchange pass or answered it, 1 it failed, holds it
for ever or does not load, 2 wrong usage.
`;

interface RunFlags {
  readonly config?: string;
  readonly request?: string;
  readonly response?: string;
  readonly pluginName: string;
  readonly env?: readonly string[];
  readonly headersStopIteration?: boolean;
  readonly trace: 'text' | 'json';
  readonly logLevel: LogLevel;
  readonly inspect?: number | true;
  readonly replay?: string;
}

export function addFilterRun(group: Command, io: CliIo, onExit: (code: number) => void): void {
  group
    .command('run')
    .summary('one request through one filter, every host call shown')
    .description('Runs a filter on one request with no proxy, and shows all it does.')
    .argument('<filter>', 'a proxy-wasm module')
    .option('--config <file|text>', 'its configuration: a file, - for standard input, or the text')
    .option('--request <file>', 'what the client sends; - for standard input')
    .option('--response <file>', 'what the backend answers (default: 200 with a small body)')
    .option('--plugin-name <name>', 'its root id', '')
    .option('--env <name=value>', 'a variable of its environment; may be repeated', collect)
    .option('--headers-stop-iteration', 'a head it pauses holds only the head')
    .option('--trace <format>', 'text or json', (text) => oneOf(text, ['text', 'json']), 'text')
    .option('--log-level <level>', 'of its log: trace, debug, info...', parseLogLevel, 'trace')
    .option('--inspect [port]', 'wait for Chrome DevTools', parsePort)
    .option('--replay <file>', 'requests that tulle up --record wrote down, instead of one')
    .addHelpText('after', HELP)
    .action(async (filter: string, flags: RunFlags) => {
      onExit(await runOnce(filter, flags, io));
    });
}

async function runOnce(path: string, flags: RunFlags, io: CliIo): Promise<number> {
  const { systemClock } = await import('../base/clock.ts');
  const { loadFilter } = await import('../app/workbench/workbench-filter.ts');
  const { runFilter } = await import('../app/workbench/run-filter.ts');
  const { eventText, paintOf, resultJson, resultText } = await import('./filter-trace.ts');
  if (flags.config === '-' && flags.request === '-') {
    throw new CliError('--config and --request cannot both be read from standard input');
  }
  const { script, source } = await readInputs(path, flags);
  const module = await loadFilter(path, flags.inspect !== undefined);
  if (typeof module === 'string') throw new CliError(module, EXIT_PROBLEM);
  if (flags.replay !== undefined) return replayFile(flags.replay, module, source, flags, io);
  const paint = paintOf(io.outColor);
  const asJson = flags.trace === 'json';
  const json = (value: object): void => io.out(`${JSON.stringify(value)}\n`);
  if (flags.inspect !== undefined) await waitForDebugger(flags.inspect, io);
  const run = runFilter(module, source, script, {
    clock: systemClock,
    logLevel: flags.logLevel,
    measure: flags.inspect === undefined,
    onEvent: (event) => (asJson ? json(event) : io.out(eventText(event, paint))),
  });
  if (asJson) json(resultJson(run));
  else io.out(resultText(run, paint));
  return run.verdict === 'forwarded' || run.verdict === 'answered' ? EXIT_OK : EXIT_PROBLEM;
}

async function replayFile(
  file: string,
  module: WebAssembly.Module,
  source: FilterSource,
  flags: RunFlags,
  io: CliIo,
): Promise<number> {
  const { ScriptError } = await import('../app/workbench/read-script.ts');
  const { replayAll } = await import('./filter-replay.ts');
  try {
    return await replayAll(module, source, file, flags.trace === 'json', io);
  } catch (error) {
    if (error instanceof ScriptError) throw new CliError(error.message);
    throw error;
  }
}

async function readInputs(path: string, flags: RunFlags) {
  const { readScript, ScriptError } = await import('../app/workbench/read-script.ts');
  const { readConfiguration } = await import('../app/workbench/configuration.ts');
  try {
    const { request, response } = flags;
    const script = readScript({
      ...(request === undefined ? {} : { request }),
      ...(response === undefined ? {} : { response }),
    });
    const source = {
      path,
      configuration: flags.config === undefined ? '' : readConfiguration(flags.config),
      pluginName: flags.pluginName,
      env: (flags.env ?? []).map(parseVariable),
      headersStopIteration: flags.headersStopIteration === true,
    };
    return { script, source };
  } catch (error) {
    if (error instanceof ScriptError) throw new CliError(error.message);
    throw error;
  }
}

function parseVariable(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new CliError(`--env '${text}': write NAME=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

const PORT_MAX = 65_535;

function parsePort(text: string): number {
  const port = Number(text);
  if (/^[0-9]+$/.test(text) && port <= PORT_MAX) return port;
  throw new InvalidArgumentError(`Write a port from 0 to ${PORT_MAX}, such as 9229.`);
}

const INSPECT_PORT = 9_229;

/** The debugger has the module when it attaches; it stops here, before the guest starts. */
async function waitForDebugger(port: number | true, io: CliIo): Promise<void> {
  const inspector = await import('node:inspector');
  inspector.open(port === true ? INSPECT_PORT : port, '127.0.0.1');
  io.err(`${inspector.url()}
Open chrome://inspect in Chrome and click "inspect" below Remote Target. It stops before the filter
starts: set breakpoints in its source (below wasm:// or file://; DWARF needs the extension "C/C++
DevTools Support (DWARF)"), then resume.
`);
  inspector.waitForDebugger();
  // oxlint-disable-next-line no-debugger -- whoever asked for a debugger is to stop here
  debugger;
}
