/**
 * Calls of a worker's filters to other services, through the clusters that its routes use as well:
 * the same pools, load balancing and limits, and Wasm services of this process without a network.
 */

import type { Clock } from '../../base/clock.ts';
import type { DeadlineWheel } from '../../base/deadline.ts';
import type { Log } from '../../base/log.ts';
import type { Scheduler } from '../../base/scheduler.ts';
import type { Callee } from '../../config/callee.ts';
import type {
  CalloutHandle,
  CalloutRefusal,
  CalloutRequest,
  CalloutResponse,
  Callouts,
  GrpcEvents,
  GrpcHandle,
  GrpcRequest,
} from '../../runtime/proxy-wasm/callouts.ts';
import type { RuntimeCluster } from '../exchange/tables.ts';
import { CalleeTable } from './callee-table.ts';
import { GrpcCall } from './grpc-call.ts';
import { callHead, HttpCall } from './http-call.ts';
import { Http2Sessions } from './http2-sessions.ts';

export interface CalloutDeps {
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly scheduler: Scheduler;
  readonly log: Log;
}

/** Path segments of gRPC: a package with a service, and a method. */
const SERVICE = /^[\w.-]+$/;

export class WorkerCallouts implements Callouts {
  readonly #deps: CalloutDeps;
  readonly #sessions: Http2Sessions;
  #table = new CalleeTable([], new Map());

  constructor(deps: CalloutDeps) {
    this.#deps = deps;
    this.#sessions = new Http2Sessions(deps.scheduler);
  }

  /** Calls under way end where they began. */
  update(callees: readonly Callee[], clusters: ReadonlyMap<string, RuntimeCluster>): void {
    this.#table = new CalleeTable(callees, clusters);
  }

  close(): void {
    this.#sessions.close();
  }

  http(
    request: CalloutRequest,
    done: (response: CalloutResponse | null) => void,
  ): CalloutHandle | CalloutRefusal {
    const cluster = this.#find(request.caller, request.target);
    if (cluster === null) return 'unknown';
    const head = callHead(request.fields);
    if (head === null) return 'malformed';
    const call = new HttpCall(cluster, head, request, this.#deps, done);
    return call.start() ? call : 'refused';
  }

  grpc(request: GrpcRequest, events: GrpcEvents): GrpcHandle | CalloutRefusal {
    const cluster = this.#find(request.caller, request.target);
    if (cluster === null) return 'unknown';
    if (!SERVICE.test(request.service) || !SERVICE.test(request.method)) return 'malformed';
    const { endpoints } = cluster;
    if (endpoints === null) {
      this.#say(request.caller, request.target, 'a Wasm service does not speak gRPC');
      return 'refused';
    }
    const deps = { ...this.#deps, sessions: this.#sessions };
    const call = new GrpcCall(cluster, endpoints, request, deps, events);
    return call.start() ? call : 'refused';
  }

  #find(caller: string, target: string): RuntimeCluster | null {
    const found = this.#table.find(caller.slice(0, caller.indexOf('/')), target);
    if (found === null) {
      this.#say(
        caller,
        target,
        'there is no Backend, Service or WasmService of that name that the filter may call',
      );
    }
    return found;
  }

  #say(filter: string, target: string, reason: string): void {
    this.#deps.log.write('debug', `a call to "${target}" was refused: ${reason}`, { filter });
  }
}
