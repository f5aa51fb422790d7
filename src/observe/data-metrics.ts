/**
 * The request path's series, grouped as it meets them: the bind that accepts, the listener, route
 * and cluster of a request. `data/` holds the groups as plain objects and adds to their fields;
 * {@link recordRequest} does all counting of a finished request. `docs/metrics.md` lists the names.
 *
 * A rule's series are made by its first request: 10,000 routes of which ten are used cost ten.
 */

import { LIMITS } from '../base/limits.ts';
import {
  CODE_CLASSES,
  type Counter,
  type Gauge,
  type Histogram,
  type Labels,
  type Requests,
  type Series,
} from './metric.ts';
import type { MetricsRegistry } from './metrics.ts';
import type { StreamInfo } from './stream-info.ts';

/** Requests by the first digit of their status; index 0: cut without an answer. */
export type ByClass = readonly Counter[];

/** One socket address: what happens before a request is known. */
export interface BindMetrics {
  readonly connections: Counter;
  readonly connectionsActive: Gauge;
  /** Closed at once because the worker holds its maximum. */
  readonly connectionsRefused: Counter;
  /** Heads and bodies refused as malformed or too large. */
  readonly protocolErrors: Counter;
  /** Connections closed by a head, idle or stream timer while a request was incomplete. */
  readonly timeouts: Counter;
}

export interface ListenerMetrics {
  readonly requests: ByClass;
  readonly requestsActive: Gauge;
  readonly duration: Histogram;
  /** Heads and bodies, as sent on the wire. */
  readonly receivedBytes: Counter;
  readonly sentBytes: Counter;
}

export interface ClusterMetrics {
  /** By the status the client got. */
  readonly requests: ByClass;
  readonly requestsActive: Gauge;
  readonly duration: Histogram;
  /** Body bytes to and from the client. */
  readonly sentBytes: Counter;
  readonly receivedBytes: Counter;
  /** Attempts after the first; counted by {@link recordRequest}. */
  readonly retries: Counter;
  readonly connections: Counter;
  readonly connectionsActive: Gauge;
  readonly connectFailures: Counter;
  readonly connectTimeouts: Counter;
  /** Requests waiting for a connection. */
  readonly pending: Gauge;
  /** Requests refused because a limit of the cluster was reached. */
  readonly overflow: Counter;
  /** Requests that found no endpoint. */
  readonly noEndpoint: Counter;
  /** Attempts that took longer than they may. */
  readonly timeouts: Counter;
  /** Attempts cut by the backend before their answer was complete. */
  readonly resets: Counter;
  /** Answers that are not valid HTTP. */
  readonly protocolErrors: Counter;
  /** Requests that a Wasm service failed. */
  readonly guestFailures: Counter;
  readonly mirrors: Counter;
  /** Copies not sent: too many in flight, or a body too large to keep. */
  readonly mirrorsDropped: Counter;
}

/** A rule's group, made by its first request, and how to let go of it. */
export class RouteMetrics {
  readonly #registry: MetricsRegistry;
  readonly #rule: string;
  #requests: Requests | null = null;
  #released = false;

  constructor(registry: MetricsRegistry, rule: string) {
    this.#registry = registry;
    this.#rule = rule;
  }

  get requests(): Requests {
    return this.#requests ?? this.#open();
  }

  /** The route is gone. Requests that still hold the group may go on counting. */
  release(): void {
    this.#released = true;
    if (this.#requests !== null) this.#registry.release([this.#requests]);
  }

  #open(): Requests {
    const labels = { route: this.#rule };
    const requests = this.#registry.requests('tulle_route', 'Requests a rule matched.', labels);
    this.#requests = requests;
    if (this.#released) this.#registry.release([requests]);
    return requests;
  }
}

export function bindMetrics(registry: MetricsRegistry, bind: string): BindMetrics {
  const labels = { bind };
  return {
    connections: registry.counter(
      'tulle_downstream_connections_total',
      'Client connections accepted.',
      labels,
    ),
    connectionsActive: registry.gauge(
      'tulle_downstream_connections_active',
      'Client connections open.',
      labels,
    ),
    connectionsRefused: registry.counter(
      'tulle_downstream_connections_refused_total',
      'Client connections closed because the limit of connections was reached.',
      labels,
    ),
    protocolErrors: registry.counter(
      'tulle_downstream_protocol_errors_total',
      'Requests refused because they are malformed or too large.',
      labels,
    ),
    timeouts: registry.counter(
      'tulle_downstream_timeouts_total',
      'Connections closed because a request was not completed in time.',
      labels,
    ),
  };
}

export function listenerMetrics(registry: MetricsRegistry, listener: string): ListenerMetrics {
  const labels = { listener };
  return {
    requests: byClass(registry, 'tulle_http_requests_total', 'Requests answered.', labels),
    requestsActive: registry.gauge('tulle_http_requests_active', 'Requests in flight.', labels),
    duration: registry.histogram(
      'tulle_http_request_duration_seconds',
      'First byte of the request to last byte of the answer.',
      labels,
    ),
    receivedBytes: registry.counter(
      'tulle_http_received_bytes_total',
      'Bytes of request heads and bodies.',
      labels,
    ),
    sentBytes: registry.counter(
      'tulle_http_sent_bytes_total',
      'Bytes of answer heads and bodies.',
      labels,
    ),
  };
}

/** `rule` is the rule's unique name. */
export function routeMetrics(registry: MetricsRegistry, rule: string): RouteMetrics {
  return new RouteMetrics(registry, rule);
}

export function clusterMetrics(registry: MetricsRegistry, cluster: string): ClusterMetrics {
  const labels = { cluster };
  const counter = (name: string, help: string): Counter =>
    registry.counter(`tulle_upstream_${name}_total`, help, labels);
  const gauge = (name: string, help: string): Gauge =>
    registry.gauge(`tulle_upstream_${name}`, help, labels);
  return {
    requests: byClass(
      registry,
      'tulle_upstream_requests_total',
      'Requests sent to a cluster, by the status the client got.',
      labels,
    ),
    requestsActive: gauge('requests_active', 'Requests in flight to a cluster.'),
    duration: registry.histogram(
      'tulle_upstream_request_duration_seconds',
      'First byte of the request to last byte of the answer, by cluster.',
      labels,
    ),
    sentBytes: counter('sent_bytes', 'Bytes of request bodies.'),
    receivedBytes: counter('received_bytes', 'Bytes of answer bodies.'),
    retries: counter('retries', 'Attempts after the first.'),
    connections: counter('connections', 'Connections opened.'),
    connectionsActive: gauge('connections_active', 'Connections open.'),
    connectFailures: counter('connect_failures', 'Connections refused or unreachable.'),
    connectTimeouts: counter('connect_timeouts', 'Connections not made in time.'),
    pending: gauge('requests_pending', 'Requests waiting for a connection.'),
    overflow: counter('overflow', 'Requests refused because a limit of the cluster was reached.'),
    noEndpoint: counter('no_endpoint', 'Requests refused because no endpoint is known.'),
    timeouts: counter('timeouts', 'Attempts that took longer than they may.'),
    resets: counter('resets', 'Attempts the backend cut before their answer was complete.'),
    protocolErrors: counter('protocol_errors', 'Answers that are not valid HTTP.'),
    guestFailures: counter('guest_failures', 'Requests that a Wasm guest failed.'),
    mirrors: counter('mirrors', 'Copies of requests sent.'),
    mirrorsDropped: counter('mirrors_dropped', 'Copies of requests not sent.'),
  };
}

export type LimitName = keyof typeof LIMITS;
export type LimitCounters = Readonly<Record<LimitName, Counter>>;

/** One counter for each row of `base/limits.ts`: how often it stopped something. */
export function limitCounters(registry: MetricsRegistry): LimitCounters {
  const counters: Partial<Record<LimitName, Counter>> = {};
  for (const limit of Object.keys(LIMITS) as LimitName[]) {
    counters[limit] = registry.counter(
      'tulle_limit_trips_total',
      'Times a limit stopped something, by its name in the limits table.',
      { limit },
    );
  }
  return counters as LimitCounters;
}

/** Lets go of all series of a bind, listener or cluster that left the configuration. */
export function releaseGroup(
  registry: MetricsRegistry,
  group: BindMetrics | ListenerMetrics | ClusterMetrics,
): void {
  const fields = Object.values(group) as (Series | readonly Series[])[];
  registry.release(fields.flat());
}

/**
 * Counts a finished request once, everywhere it belongs. `route` is null when none matched,
 * `cluster` when none was chosen. Gauges are the caller's.
 */
export function recordRequest(
  listener: ListenerMetrics | null,
  route: RouteMetrics | null,
  cluster: ClusterMetrics | null,
  info: StreamInfo,
): void {
  const codeClass = classOf(info.status);
  const durationMs = info.endMs < 0 ? 0 : info.endMs;
  const retries = info.attempts > 1 ? info.attempts - 1 : 0;
  if (listener !== null) {
    (listener.requests[codeClass] as Counter).add(1);
    listener.duration.observe(durationMs);
    listener.receivedBytes.add(info.requestHeadBytes + info.requestBodyBytes);
    listener.sentBytes.add(info.responseHeadBytes + info.responseBodyBytes);
  }
  if (route !== null) route.requests.record(codeClass, durationMs, retries);
  if (cluster !== null) {
    (cluster.requests[codeClass] as Counter).add(1);
    cluster.duration.observe(durationMs);
    cluster.sentBytes.add(info.requestBodyBytes);
    cluster.receivedBytes.add(info.responseBodyBytes);
    if (retries !== 0) cluster.retries.add(retries);
  }
}

function classOf(status: number): number {
  return status >= 100 && status < 600 ? (status / 100) | 0 : 0;
}

function byClass(registry: MetricsRegistry, name: string, help: string, labels: Labels): ByClass {
  return CODE_CLASSES.map((codeClass) =>
    registry.counter(name, help, { ...labels, code_class: codeClass }),
  );
}
