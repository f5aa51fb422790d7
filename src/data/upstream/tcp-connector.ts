/**
 * Attempts over TCP: chooses an endpoint, takes its most recently used idle connection or opens
 * one, and lets attempts wait in line while the cluster holds as many connections as it may.
 */

import type { Clock } from '../../base/clock.ts';
import type { DeadlineWheel } from '../../base/deadline.ts';
import type { ClusterMetrics } from '../../observe/data-metrics.ts';
import type { ClusterState } from '../cluster/cluster.ts';
import type { EndpointState } from '../cluster/endpoint.ts';
import type { RequestHead } from '../codec/head.ts';
import type { ClientStream, ClientStreamEvents } from '../codec/stream.ts';
import type { AttemptOptions, AttemptTarget, Refusal, UpstreamConnector } from './connector.ts';
import { type ConnectionOwner, UpstreamConnection } from './h1-connection.ts';
import { QueuedStream } from './queued-stream.ts';

export interface TcpConnectorDeps {
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly metrics: ClusterMetrics;
}

const OVERFLOW_REQUESTS: Refusal = { code: 'upstream_overflow', detail: 'requests' };
const OVERFLOW_PENDING: Refusal = { code: 'upstream_overflow', detail: 'pending' };
const NO_ENDPOINT: Refusal = { code: 'no_endpoint', detail: 'no_endpoint' };

export class TcpConnector implements UpstreamConnector {
  readonly #cluster: ClusterState<EndpointPool>;
  readonly #deps: TcpConnectorDeps;
  readonly #waiting: QueuedStream[] = [];
  #resolving = false;
  #serving = false;

  constructor(cluster: ClusterState<EndpointPool>, deps: TcpConnectorDeps) {
    this.#cluster = cluster;
    this.#deps = deps;
  }

  open(
    head: RequestHead,
    options: AttemptOptions,
    events: ClientStreamEvents,
    target: AttemptTarget,
  ): ClientStream | Refusal {
    const cluster = this.#cluster;
    if (!cluster.tryAcquireRequest()) {
      this.#deps.metrics.overflow.add(1);
      return OVERFLOW_REQUESTS;
    }
    const endpoint = cluster.choose(options.avoid);
    if (endpoint === null) {
      if (cluster.whenReady() !== null) return this.#wait(head, options, events, target);
      cluster.releaseRequest();
      this.#deps.metrics.noEndpoint.add(1);
      return NO_ENDPOINT;
    }
    const connection = this.#poolOf(endpoint).take() ?? this.#takeSpare(endpoint, options.avoid);
    if (connection === null) return this.#wait(head, options, events, target);
    target.upstreamAddress = connection.endpointKey;
    connection.start(head, options, events);
    return connection;
  }

  retire(): void {
    this.#cluster.close();
  }

  /** An attempt ended: its place, and perhaps its connection, go to who waits. */
  attemptEnded(endpoint: EndpointState<EndpointPool>): void {
    endpoint.activeRequests--;
    this.#cluster.releaseRequest();
  }

  /** A connection became idle or a place for one became free. */
  serveWaiting(): void {
    if (this.#serving || this.#waiting.length === 0) return;
    this.#serving = true;
    try {
      while (this.#waiting.length > 0 && this.#serveFirst());
    } finally {
      this.#serving = false;
    }
  }

  /** False: it has to wait on. */
  #serveFirst(): boolean {
    const queued = this.#waiting[0] as QueuedStream;
    const { avoid } = queued.options;
    const endpoint = this.#cluster.choose(avoid);
    if (endpoint === null) {
      if (this.#cluster.whenReady() !== null) return false;
      this.#waiting.shift();
      this.#cluster.releaseRequest();
      this.#deps.metrics.noEndpoint.add(1);
      queued.fail('no_endpoint', 'no_endpoint');
      return true;
    }
    const connection = this.#poolOf(endpoint).take() ?? this.#takeSpare(endpoint, avoid);
    if (connection === null) return false;
    this.#waiting.shift();
    queued.assign(connection);
    return true;
  }

  /**
   * The cluster has as many connections as it may and none of them idles at `endpoint`: one that
   * idles at another endpoint, or the place of one that idles where this attempt must not go.
   */
  #takeSpare(
    endpoint: EndpointState<EndpointPool>,
    avoid: readonly string[],
  ): UpstreamConnection | null {
    let unwanted: EndpointPool | null = null;
    for (const { attachment, healthy, key } of this.#cluster.endpoints) {
      if (attachment === null || !attachment.hasIdle) continue;
      if (healthy && !avoid.includes(key)) return attachment.take();
      unwanted = attachment;
    }
    if (unwanted === null) return null;
    unwanted.closeIdle(1);
    return this.#poolOf(endpoint).take();
  }

  #wait(
    head: RequestHead,
    options: AttemptOptions,
    events: ClientStreamEvents,
    target: AttemptTarget,
  ): ClientStream | Refusal {
    const cluster = this.#cluster;
    if (!cluster.tryAcquirePending()) {
      cluster.releaseRequest();
      this.#deps.metrics.overflow.add(1);
      return OVERFLOW_PENDING;
    }
    this.#deps.metrics.pending.add(1);
    const queued = new QueuedStream({
      head,
      options,
      events,
      target,
      wheel: this.#deps.wheel,
      untilMs: this.#deps.clock.now() + cluster.config.connectMs,
      left: this.#left,
    });
    this.#waiting.push(queued);
    this.#serveWhenResolved();
    return queued;
  }

  /** A waiting attempt left the line: at its head, or because it failed or was given up. */
  readonly #left = (queued: QueuedStream, atHead: boolean): void => {
    this.#cluster.releasePending();
    this.#deps.metrics.pending.add(-1);
    if (atHead) return;
    this.#waiting.splice(this.#waiting.indexOf(queued), 1);
    this.#cluster.releaseRequest();
  };

  #serveWhenResolved(): void {
    const ready = this.#cluster.whenReady();
    if (ready === null || this.#resolving) return;
    this.#resolving = true;
    void ready.then(() => {
      this.#resolving = false;
      this.serveWaiting();
    });
  }

  #poolOf(endpoint: EndpointState<EndpointPool>): EndpointPool {
    endpoint.attachment ??= new EndpointPool(this, this.#cluster, endpoint, this.#deps);
    return endpoint.attachment;
  }
}

/** The connections of one worker to one endpoint. */
export class EndpointPool implements ConnectionOwner {
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly metrics: ClusterMetrics;
  readonly #connector: TcpConnector;
  readonly #cluster: ClusterState<EndpointPool>;
  readonly #endpoint: EndpointState<EndpointPool>;
  readonly #idle: UpstreamConnection[] = [];

  constructor(
    connector: TcpConnector,
    cluster: ClusterState<EndpointPool>,
    endpoint: EndpointState<EndpointPool>,
    deps: TcpConnectorDeps,
  ) {
    this.#connector = connector;
    this.#cluster = cluster;
    this.#endpoint = endpoint;
    this.clock = deps.clock;
    this.wheel = deps.wheel;
    this.metrics = deps.metrics;
  }

  get connectMs(): number {
    return this.#cluster.config.connectMs;
  }

  get idleMs(): number {
    return this.#cluster.config.idleMs;
  }

  /** A connection for one attempt; null: the cluster has as many as it may. */
  take(): UpstreamConnection | null {
    let connection = this.#idle.pop();
    if (connection === undefined) {
      if (!this.#cluster.tryAcquireConnection()) return null;
      connection = new UpstreamConnection(this, this.#endpoint);
    }
    connection.busy = true;
    this.#endpoint.activeRequests++;
    return connection;
  }

  get hasIdle(): boolean {
    return this.#idle.length > 0;
  }

  connectionIdle(connection: UpstreamConnection): void {
    this.#attemptEnded(connection);
    if (this.#endpoint.removed) {
      connection.close();
      return;
    }
    this.#idle.push(connection);
    this.#connector.serveWaiting();
  }

  connectionGone(connection: UpstreamConnection): void {
    this.#cluster.releaseConnection();
    if (!this.#attemptEnded(connection)) {
      const at = this.#idle.indexOf(connection);
      if (at !== -1) this.#idle.splice(at, 1);
    }
    this.#connector.serveWaiting();
  }

  /** False: it carried none. */
  #attemptEnded(connection: UpstreamConnection): boolean {
    if (!connection.busy) return false;
    connection.busy = false;
    this.#connector.attemptEnded(this.#endpoint);
    return true;
  }

  /** The last used connection was dead: those used before it are most likely dead too. */
  connectionStale(): void {
    this.closeIdle(this.#idle.length);
  }

  /** Closes so many idle connections, those that have idled longest first. */
  closeIdle(count: number): void {
    for (const connection of this.#idle.splice(0, count)) connection.close();
  }

  /** The endpoint is not listed any more: idle connections close now, busy ones after their answer. */
  retire(): void {
    this.closeIdle(this.#idle.length);
  }
}
