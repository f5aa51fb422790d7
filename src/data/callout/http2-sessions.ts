/**
 * HTTP/2 connections for gRPC calls of filters, one an endpoint, by prior knowledge and without
 * TLS. They are made by the first call and closed when they have carried nothing for a while.
 */

import type { ClientHttp2Session } from 'node:http2';
import type { Scheduler } from '../../base/scheduler.ts';
import type { ChosenEndpoint } from '../exchange/tables.ts';

/** Loaded by the first gRPC call: few filters make one. */
const http2 = (): typeof import('node:http2') => process.getBuiltinModule('node:http2');

export interface SessionTimes {
  readonly connectMs: number;
  readonly idleMs: number;
}

interface Entry {
  readonly session: ClientHttp2Session;
  streams: number;
}

export class Http2Sessions {
  readonly #scheduler: Scheduler;
  readonly #entries = new Map<string, Entry>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** A connection to the endpoint that takes a stream; {@link release} when that is over. */
  acquire(endpoint: ChosenEndpoint, times: SessionTimes): ClientHttp2Session {
    const entry = this.#entries.get(endpoint.key) ?? this.#open(endpoint, times);
    entry.streams++;
    return entry.session;
  }

  release(key: string, session: ClientHttp2Session): void {
    const entry = this.#entries.get(key);
    if (entry?.session === session) entry.streams--;
  }

  close(): void {
    for (const { session } of this.#entries.values()) session.destroy();
    this.#entries.clear();
  }

  #open(endpoint: ChosenEndpoint, times: SessionTimes): Entry {
    const { key } = endpoint;
    const session = http2().connect(`http://${key}`, { settings: { enablePush: false } });
    const entry: Entry = { session, streams: 0 };
    this.#entries.set(key, entry);
    const forget = (): void => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    };
    const timer = this.#scheduler.setTimeout(() => {
      session.destroy(new Error('connect timeout'));
    }, times.connectMs);
    session.once('connect', () => this.#scheduler.clear(timer));
    // Its streams are told by themselves.
    session.on('error', forget);
    session.once('goaway', forget);
    session.once('close', () => {
      this.#scheduler.clear(timer);
      forget();
    });
    session.setTimeout(times.idleMs, () => {
      if (entry.streams === 0) session.close();
    });
    return entry;
  }
}
