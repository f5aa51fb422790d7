/**
 * A filter on the workbench: its module, loaded as the proxy does it, and one factory a run, with
 * nothing around it but what the script gives.
 */

import { resolve } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Log, LogLevel } from '../../base/log.ts';
import type { WasmFilter } from '../../config/wasm.ts';
import { createWasmFilterFactory, type WasmFilterFactory } from '../../data/filter/wasm/factory.ts';
import { MetricsDirectory } from '../../observe/directory.ts';
import { MetricsRegistry } from '../../observe/metrics.ts';
import { InstanceBudget } from '../../runtime/instance/budget.ts';
import { isRefusal, type LoadOptions, loadModule } from '../../runtime/module/load.ts';
import { createSharedState } from '../../runtime/proxy-wasm/shared-state.ts';
import { prepareFilter, verifyFilter } from '../../runtime/proxy-wasm/verify.ts';
import { JumpingClock } from './clock.ts';
import { GuestTracer } from './guest-tracer.ts';
import type { CalloutScript } from './script.ts';
import { ScriptedCallouts } from './scripted-callouts.ts';
import type { TraceSink } from './trace.ts';

export interface FilterSource {
  readonly path: string;
  readonly configuration: string;
  /** The guest's root id. */
  readonly pluginName: string;
  readonly env: readonly (readonly [name: string, value: string])[];
  /** StopIteration for a head holds the head alone. */
  readonly headersStopIteration: boolean;
}

/** Leaves the code as it is in the file, where debuggers look for it. */
const asItIs: NonNullable<LoadOptions['prepare']> = (bytes, shape) => {
  const problems = verifyFilter(shape);
  return problems.length === 0 ? bytes : { reason: problems.join('; ') };
};

/** The compiled module, or why there is none. */
export async function loadFilter(
  path: string,
  forDebugger = false,
): Promise<WebAssembly.Module | string> {
  const prepare = forDebugger ? asItIs : prepareFilter;
  const loaded = await loadModule({ path, sha256: '' }, { prepare });
  return isRefusal(loaded) ? loaded.reason : loaded.module;
}

export interface WorkbenchFilter {
  readonly clock: JumpingClock;
  readonly factory: WasmFilterFactory;
  /** Metrics of the guest's own, by the names it gave them. */
  metrics(): ReadonlyMap<string, number>;
}

export interface Outside {
  readonly clock: Clock;
  readonly sink: TraceSink;
  readonly logLevel: LogLevel;
  /** Default true: host calls and callbacks go to `sink`. */
  readonly traced?: boolean;
}

const METRIC_PREFIX = 'wasm_';

/** Starts and configures the guest; `factory.problem` says whether it serves. */
export function openFilter(
  source: FilterSource,
  module: WebAssembly.Module,
  callouts: readonly CalloutScript[],
  outside: Outside,
): WorkbenchFilter {
  const clock = new JumpingClock(outside.clock);
  const directory = new MetricsDirectory();
  const factory = createWasmFilterFactory(filterOf(source), module, {
    clock,
    scheduler: clock,
    log: logTo(outside.sink, outside.logLevel),
    metrics: new MetricsRegistry({
      define: (definition) => directory.define(0, definition),
      retire: () => {},
    }),
    budget: InstanceBudget.create(1),
    shared: createSharedState(clock),
    callouts: new ScriptedCallouts(callouts, clock, outside.sink),
    node: { id: 'workbench', cluster: 'workbench' },
    random: () => 0,
    ...(outside.traced === false
      ? {}
      : { watch: () => new GuestTracer(outside.clock, outside.sink) }),
  });
  return { clock, factory, metrics: () => ownMetrics(directory) };
}

function filterOf(source: FilterSource): WasmFilter {
  const path = resolve(source.path);
  return {
    id: 'workbench',
    module: { url: `file://${path}`, path, sha256: '' },
    pluginName: source.pluginName,
    configuration: source.configuration,
    failOpen: false,
    headersStopIteration: source.headersStopIteration,
    env: source.env,
  };
}

function logTo(sink: TraceSink, level: LogLevel): Log {
  return { level, write: (of, message) => sink({ event: 'log', level: of, message }) };
}

function ownMetrics(directory: MetricsDirectory): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const { name, samples } of directory.collect()) {
    if (!name.startsWith(METRIC_PREFIX)) continue;
    for (const { value } of samples) values.set(name.slice(METRIC_PREFIX.length), value);
  }
  return values;
}
