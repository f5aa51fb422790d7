/** Runs of real guests for tests, with a clock that stands so that traces are the same each time. */

import { join } from 'node:path';
import { ManualClock } from '../../../base/clock.ts';
import { type FilterRun, runFilter } from '../run-filter.ts';
import type { ExchangeScript } from '../script.ts';
import { DEFAULT_REQUEST, DEFAULT_RESPONSE } from '../script.ts';
import { calloutOf, type RequestFile, requestOf, responseOf } from '../script-schema.ts';
import type { TraceEvent } from '../trace.ts';
import { loadFilter } from '../workbench-filter.ts';

export const GUESTS = join(import.meta.dirname, '../../../../test/guests');

const modules = new Map<string, WebAssembly.Module>();

export function scriptOf(source: RequestFile = {}): ExchangeScript {
  return {
    request: Object.keys(source).length === 0 ? DEFAULT_REQUEST : requestOf(source),
    response: source.response === undefined ? DEFAULT_RESPONSE : responseOf(source.response),
    callouts: (source.callouts ?? []).map(calloutOf),
    properties: new Map(Object.entries(source.properties ?? {})),
  };
}

export async function runGuest(
  guest: 'header-filter' | 'abi-probe',
  source: RequestFile = {},
  configuration = '',
  onEvent?: (event: TraceEvent) => void,
): Promise<FilterRun> {
  const path = join(GUESTS, `${guest}.wasm`);
  const module = modules.get(guest) ?? (await loadFilter(path));
  if (typeof module === 'string') throw new Error(module);
  modules.set(guest, module);
  const filter = { path, configuration, pluginName: '', env: [], headersStopIteration: false };
  const options = { clock: new ManualClock(), logLevel: 'info' as const };
  return runFilter(module, filter, scriptOf(source), {
    ...options,
    ...(onEvent === undefined ? {} : { onEvent }),
  });
}

/** The probe does what the script in this field says. */
export function probe(script: string, source: RequestFile = {}): Promise<FilterRun> {
  return runGuest('abi-probe', { ...source, headers: { ...source.headers, 'x-probe': script } });
}

export const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

export function logOf(run: FilterRun): string[] {
  return run.events.filter((event) => event.event === 'log').map(({ message }) => message);
}
