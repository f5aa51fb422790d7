/** One scripted exchange through one filter, start to end, with all that can be told of it. */

import type { Clock } from '../../base/clock.ts';
import type { LogLevel } from '../../base/log.ts';
import type { FilterHost, HttpFilter, HttpFilterFactory } from '../../data/filter/contract.ts';
import { GuestStream, type PropertyValue } from '../../runtime/proxy-wasm/stream.ts';
import type { ExchangeScript } from './script.ts';
import { ScriptedExchange, type SentRequest, type SentResponse } from './scripted-exchange.ts';
import type { TraceEvent, TraceSink, TrapEvent } from './trace.ts';
import { type FilterSource, openFilter } from './workbench-filter.ts';

/** How it ended. */
export type Verdict =
  /** The backend got the request, the client the backend's answer. */
  | 'forwarded'
  /** The filter answered. */
  | 'answered'
  /** It trapped, closed the stream, or was not there. */
  | 'failed'
  /** It holds the exchange, and nothing comes that it could wait for. */
  | 'waits'
  /** It did not start. */
  | 'not started';

export interface CallbackCost {
  readonly name: string;
  readonly count: number;
  readonly us: number;
}

export interface LocalAnswer {
  readonly status: number;
  readonly details: string;
}

export interface FilterRun {
  readonly verdict: Verdict;
  /** Why it failed, waits or did not start; '' otherwise. */
  readonly reason: string;
  readonly events: readonly TraceEvent[];
  /** As the backend gets it; null: it gets nothing. */
  readonly request: SentRequest | null;
  /** As the client gets it. */
  readonly response: SentResponse | null;
  /** The filter's own answer, or the one for its failure. */
  readonly localReply: LocalAnswer | null;
  /** The client's connection is cut. */
  readonly cut: boolean;
  readonly trap: TrapEvent | null;
  readonly metrics: ReadonlyMap<string, number>;
  /** Of the request alone, the start left out; in order of the first call. */
  readonly costs: readonly CallbackCost[];
  /** What the filter adds to a request once it is warm and nobody watches; null: not measured. */
  readonly warmUs: number | null;
}

export interface RunOptions {
  /** Measures; time the filter sees begins with it. */
  readonly clock: Clock;
  /** Of guests' and host's lines. */
  readonly logLevel: LogLevel;
  /** Takes events as they happen, besides their list. */
  readonly onEvent?: TraceSink;
  /** Runs the exchange many times more to say what it costs; default false. */
  readonly measure?: boolean;
}

/** Of the runs that measure. */
const WARM_MS_MAX = 400;
const BATCH_RUNS = 20;
const BATCHES_MAX = 500;

export function runFilter(
  module: WebAssembly.Module,
  source: FilterSource,
  script: ExchangeScript,
  options: RunOptions,
): FilterRun {
  const events: TraceEvent[] = [];
  const sink: TraceSink = (event) => {
    events.push(event);
    options.onEvent?.(event);
  };
  const { clock, logLevel } = options;
  const filter = openFilter(source, module, script.callouts, { clock, sink, logLevel });
  const { problem } = filter.factory;
  if (problem !== null) return notStarted(problem, events);
  const started = events.length;
  const factory = withProperties(filter.factory, script.properties);
  const exchange = new ScriptedExchange(script, [factory], filter.clock, sink);
  const finished = exchange.run(filter.clock);
  exchange.info.end();
  exchange.chain.complete();
  const metrics = filter.metrics();
  const costs = costsOf(events.slice(started));
  filter.factory.retire();
  const ended = outcome(exchange, finished);
  const isSound = ended.verdict === 'forwarded' || ended.verdict === 'answered';
  const warmUs =
    options.measure === true && isSound ? measureWarm(module, source, script, clock) : null;
  return { ...ended, events, trap: trapOf(events), metrics, costs, warmUs };
}

/** Us a request that the filter adds to the same exchange without one. */
function measureWarm(
  module: WebAssembly.Module,
  source: FilterSource,
  script: ExchangeScript,
  clock: Clock,
): number {
  const sink: TraceSink = () => {};
  const filter = openFilter(source, module, script.callouts, {
    clock,
    sink,
    logLevel: 'off',
    traced: false,
  });
  const factory = withProperties(filter.factory, script.properties);
  const run = (factories: readonly HttpFilterFactory[]): void => {
    const exchange = new ScriptedExchange(script, factories, filter.clock, null);
    exchange.run(filter.clock);
    exchange.chain.complete();
  };
  const batchMs = (factories: readonly HttpFilterFactory[]): number => {
    const startMs = clock.now();
    for (let i = 0; i < BATCH_RUNS; i++) run(factories);
    return clock.now() - startMs;
  };
  // The quickest of many batches is the one that nothing else of the machine disturbed.
  let withMs = Number.POSITIVE_INFINITY;
  let withoutMs = Number.POSITIVE_INFINITY;
  const untilMs = clock.now() + WARM_MS_MAX;
  for (let i = 0; i < BATCHES_MAX && clock.now() < untilMs; i++) {
    withMs = Math.min(withMs, batchMs([factory]));
    withoutMs = Math.min(withoutMs, batchMs([]));
  }
  filter.factory.retire();
  return Math.max(0, ((withMs - withoutMs) * 1_000) / BATCH_RUNS);
}

function notStarted(problem: string, events: readonly TraceEvent[]): FilterRun {
  return {
    verdict: 'not started',
    reason: problem,
    events,
    request: null,
    response: null,
    localReply: null,
    cut: false,
    trap: trapOf(events),
    metrics: new Map(),
    costs: [],
    warmUs: null,
  };
}

type Outcome = Pick<
  FilterRun,
  'verdict' | 'reason' | 'request' | 'response' | 'localReply' | 'cut'
>;

function outcome(exchange: ScriptedExchange, finished: boolean): Outcome {
  const { sent, answer, localAnswer, failure, cut } = exchange;
  const messages = {
    request: sent,
    response: answer,
    localReply:
      localAnswer === null ? null : { status: localAnswer.status, details: localAnswer.details },
    cut,
  };
  if (failure !== null) {
    return { ...messages, verdict: 'failed', reason: `${failure.code}: ${failure.detail}` };
  }
  if (!finished) return { ...messages, verdict: 'waits', reason: whatWaits(sent, answer) };
  return { ...messages, verdict: localAnswer === null ? 'forwarded' : 'answered', reason: '' };
}

function whatWaits(sent: SentRequest | null, answer: SentResponse | null): string {
  const held = (what: string): string =>
    `the filter holds the ${what}, and no timer or call is left that could let it go on`;
  if (sent === null) return held('request');
  if (!sent.complete) return held("request's body");
  return held(answer === null ? 'response' : "response's body");
}

function trapOf(events: readonly TraceEvent[]): TrapEvent | null {
  return events.find((event) => event.event === 'trap') ?? null;
}

function costsOf(events: readonly TraceEvent[]): CallbackCost[] {
  const costs = new Map<string, CallbackCost>();
  for (const event of events) {
    if (event.event !== 'return' && event.event !== 'trap') continue;
    const { name } = event;
    const before = costs.get(name) ?? { name, count: 0, us: 0 };
    costs.set(name, { name, count: before.count + 1, us: before.us + event.us });
  }
  return [...costs.values()];
}

/** The same filter, with properties of the script before those of the request. */
function withProperties(
  factory: HttpFilterFactory,
  properties: ExchangeScript['properties'],
): HttpFilterFactory {
  if (properties.size === 0) return factory;
  return {
    name: factory.name,
    open: (host: FilterHost): HttpFilter => {
      const filter = factory.open(host);
      if (!(filter instanceof GuestStream)) return filter;
      const own = filter.property.bind(filter);
      filter.property = (path): PropertyValue | undefined =>
        properties.get(path.join('.')) ?? own(path);
      return filter;
    },
    retire: () => factory.retire(),
  };
}
