/** What a plugin needs, for tests: a clock that stands, a log that is kept, callouts that wait. */

import { ManualClock } from '../../../base/clock.ts';
import type { Log, LogFields, LogLevel } from '../../../base/log.ts';
import { ManualScheduler } from '../../../base/scheduler.ts';
import { MetricsRegistry } from '../../../observe/metrics.ts';
import { InstanceBudget } from '../../instance/budget.ts';
import type {
  CalloutHandle,
  CalloutRefusal,
  CalloutRequest,
  CalloutResponse,
  Callouts,
  GrpcEvents,
  GrpcHandle,
  GrpcRequest,
} from '../callouts.ts';
import type { PluginDeps, PluginSpec } from '../host.ts';
import { createSharedState } from '../shared-state.ts';

/** Little, because tests make many. */
const SHARED_SIZES = { dataBytes: 64 * 1024, queueBytes: 64 * 1024 };

export class KeptLog implements Log {
  readonly level: LogLevel;
  readonly lines: string[] = [];
  readonly fields: LogFields[] = [];

  constructor(level: LogLevel = 'trace') {
    this.level = level;
  }

  write(level: Exclude<LogLevel, 'off'>, message: string, fields: LogFields = {}): void {
    this.lines.push(`${level} ${message}`);
    this.fields.push(fields);
  }

  /** Lines written since the last call. */
  take(): string[] {
    this.fields.length = 0;
    return this.lines.splice(0);
  }
}

/** Knows the target `known`; `busy` refuses. */
export class WaitingCallouts implements Callouts {
  readonly requests: CalloutRequest[] = [];
  readonly grpcRequests: GrpcRequest[] = [];
  readonly answers: ((response: CalloutResponse | null) => void)[] = [];
  readonly events: GrpcEvents[] = [];
  /** What guests sent on gRPC streams. */
  readonly sent: string[] = [];
  cancelled = 0;

  http(
    request: CalloutRequest,
    done: (response: CalloutResponse | null) => void,
  ): CalloutHandle | CalloutRefusal {
    if (request.target !== 'known') return request.target === 'busy' ? 'refused' : 'unknown';
    this.requests.push(request);
    this.answers.push(done);
    return { cancel: () => this.#cancel() };
  }

  grpc(request: GrpcRequest, events: GrpcEvents): GrpcHandle | CalloutRefusal {
    if (request.target !== 'known') return request.target === 'busy' ? 'refused' : 'unknown';
    this.grpcRequests.push(request);
    this.events.push(events);
    return {
      cancel: () => this.#cancel(),
      send: (message, end) => {
        this.sent.push(`${Buffer.from(message).toString()}${end ? ' end' : ''}`);
      },
      end: () => this.sent.push('end'),
    };
  }

  #cancel(): void {
    this.cancelled++;
  }
}

export interface TestDeps extends PluginDeps {
  readonly clock: ManualClock;
  readonly scheduler: ManualScheduler;
  readonly log: KeptLog;
  readonly callouts: WaitingCallouts;
}

export function testDeps(changes: Partial<TestDeps> = {}): TestDeps {
  const clock = changes.clock ?? new ManualClock();
  const scheduler = changes.scheduler ?? new ManualScheduler(clock);
  return {
    clock,
    scheduler,
    log: new KeptLog(),
    metrics: new MetricsRegistry(),
    budget: InstanceBudget.create(1),
    shared: createSharedState(scheduler, 0, SHARED_SIZES),
    callouts: new WaitingCallouts(),
    node: { id: 'node-1', cluster: 'edge' },
    random: () => 0,
    ...changes,
  };
}

export function pluginSpec(configuration = '', changes: Partial<PluginSpec> = {}): PluginSpec {
  return {
    id: 'default/probe',
    rootId: 'root',
    vmId: '',
    vmConfiguration: new Uint8Array(0),
    configuration: Buffer.from(configuration),
    headersStopIteration: false,
    env: [],
    ...changes,
  };
}
