// What a filter is written with. The entry file of a filter exports the callbacks besides:
//
//   export * from "@tulle/filter-as/assembly/exports";

import * as host from "./host";
import {
  at, atOut, decodeFields, encodeFields, Field, number, number64, numberOut, OK, sizeOut, takeBytes, takeText, utf8,
} from "./memory";
import { currentContext, setCaller, setCurrentContext, setPluginFactory } from "./state";

export { Field } from "./memory";

/** What becomes of what a callback has seen. */
export enum Action {
  /** It is sent on. */
  Continue = 0,
  /** A head is held with all that follows, until it is continued; a body until a later callback continues. */
  Pause = 1,
}

/** Why a host call failed; Ok where it did not. */
export enum Status {
  Ok = 0,
  NotFound = 1,
  BadArgument = 2,
  SerializationFailure = 3,
  ParseFailure = 4,
  InvalidMemoryAccess = 6,
  Empty = 7,
  CasMismatch = 8,
  InternalFailure = 10,
  Unimplemented = 12,
}

export enum Level {
  Trace,
  Debug,
  Info,
  Warn,
  Error,
  Critical,
}

/** One configured filter. */
export class Plugin {
  /** The virtual machine starts; false refuses it. */
  start(configuration: string): bool {
    return true;
  }

  /** False refuses the configuration. */
  configure(configuration: string): bool {
    return true;
  }

  /** A request comes in; null lets it pass unseen. */
  newRequest(): Filter | null {
    return null;
  }

  tick(): void {}

  queueReady(queue: Queue): void {}

  /** No longer wanted. False: it calls `finished` later. */
  done(): bool {
    return true;
  }
}

/** One request and its answer. */
export class Filter {
  /** `end`: no body follows. */
  requestHead(end: bool): Action {
    return Action.Continue;
  }

  /** `size` bytes are here now. A message with trailers ends with them, not with `end`. */
  requestBody(size: u32, end: bool): Action {
    return Action.Continue;
  }

  requestTrailers(): Action {
    return Action.Continue;
  }

  responseHead(end: bool): Action {
    return Action.Continue;
  }

  responseBody(size: u32, end: bool): Action {
    return Action.Continue;
  }

  responseTrailers(): Action {
    return Action.Continue;
  }

  /** The answer to a call that this request has made, by the id it was given. */
  answered(call: u32, answer: Answer): void {}

  log(): void {}

  /** The last call. */
  gone(): void {}
}

/** Says how a plugin is made. Called once, at the top level of the entry file. */
export function register(create: () => Plugin): void {
  setPluginFactory(create);
}

/** One of the header maps of the message in hand. Names are in lower case. */
export class Headers {
  constructor(private map: u32) {}

  /** The first value of a field, null where there is none. */
  find(name: string): string | null {
    const key = utf8(name);
    const status = host.proxy_get_header_map_value(this.map, at(key), key.byteLength, atOut, sizeOut);
    return status == OK ? takeText() : null;
  }

  /** The first value of a field, "" where there is none. */
  get(name: string): string {
    const found = this.find(name);
    return found === null ? "" : found;
  }

  /** Every field in order, pseudo-fields (":path"...) first. */
  all(): Field[] {
    const status = host.proxy_get_header_map_pairs(this.map, atOut, sizeOut);
    return status == OK ? decodeFields(takeBytes()) : [];
  }

  add(name: string, value: string): Status {
    const key = utf8(name);
    const text = utf8(value);
    return host.proxy_add_header_map_value(this.map, at(key), key.byteLength, at(text), text.byteLength);
  }

  /** One field in the place of all of that name. */
  set(name: string, value: string): Status {
    const key = utf8(name);
    const text = utf8(value);
    return host.proxy_replace_header_map_value(this.map, at(key), key.byteLength, at(text), text.byteLength);
  }

  remove(name: string): Status {
    const key = utf8(name);
    return host.proxy_remove_header_map_value(this.map, at(key), key.byteLength);
  }

  /** Fields in the place of the whole map. Keep the pseudo-fields. */
  replace(fields: Field[]): Status {
    const pairs = encodeFields(fields);
    return host.proxy_set_header_map_pairs(this.map, at(pairs), pairs.byteLength);
  }
}

export const requestHeaders = new Headers(0);
export const requestTrailers = new Headers(1);
export const responseHeaders = new Headers(2);
export const responseTrailers = new Headers(3);

/**
 * The part of a body that is here now: the bytes that came last, and before them those that were
 * kept by a pause. Who changes a body removes content-length first, in the head.
 */
export class Body {
  constructor(private buffer: u32) {}

  bytes(): ArrayBuffer {
    return this.slice(0, u32.MAX_VALUE);
  }

  slice(start: u32, max: u32): ArrayBuffer {
    const status = host.proxy_get_buffer_bytes(this.buffer, start, max, atOut, sizeOut);
    return status == OK ? takeBytes() : new ArrayBuffer(0);
  }

  text(): string {
    return String.UTF8.decode(this.bytes());
  }

  replace(bytes: ArrayBuffer): Status {
    return host.proxy_set_buffer_bytes(this.buffer, 0, u32.MAX_VALUE, at(bytes), bytes.byteLength);
  }

  append(bytes: ArrayBuffer): Status {
    return host.proxy_set_buffer_bytes(this.buffer, u32.MAX_VALUE, 0, at(bytes), bytes.byteLength);
  }

  prepend(bytes: ArrayBuffer): Status {
    return host.proxy_set_buffer_bytes(this.buffer, 0, 0, at(bytes), bytes.byteLength);
  }
}

export const requestBody = new Body(0);
export const responseBody = new Body(1);

/** An answer to a call; it can be read until `answered` returns. */
export class Answer {
  readonly headers: Headers = new Headers(6);
  readonly trailers: Headers = new Headers(7);
  readonly body: Body = new Body(4);

  /** `failed`: none came, and there is nothing to read. */
  constructor(readonly failed: bool) {}
}

/** Answers the client in place of the upstream; the callback should return Pause. `grpcStatus` -1: none. */
export function reply(status: u32, body: ArrayBuffer, fields: Field[] = [], details: string = "", grpcStatus: i32 = -1): Status {
  const word = utf8(details);
  const pairs = encodeFields(fields);
  return host.proxy_send_local_response(
    status, at(word), word.byteLength, at(body), body.byteLength, at(pairs), pairs.byteLength, grpcStatus,
  );
}

export function replyText(status: u32, body: string, fields: Field[] = []): Status {
  return reply(status, utf8(body), fields);
}

export function continueRequest(): Status {
  return host.proxy_continue_stream(0);
}

export function continueResponse(): Status {
  return host.proxy_continue_stream(1);
}

/** Ends the stream without an answer. */
export function close(): Status {
  return host.proxy_close_stream(0);
}

/**
 * Asks another service; `fields` include :method, :path and :authority. The call's id, with which
 * `answered` is called, or 0 where it could not be made.
 */
export function call(upstream: string, fields: Field[], body: ArrayBuffer, timeoutMs: u32 = 5000): u32 {
  const target = utf8(upstream);
  const pairs = encodeFields(fields);
  const status = host.proxy_http_call(
    at(target), target.byteLength, at(pairs), pairs.byteLength, at(body), body.byteLength, 0, 0, timeoutMs, numberOut,
  );
  if (status != OK) return 0;
  setCaller(number());
  return number();
}

export function log(level: Level, message: string): void {
  const text = utf8(message);
  host.proxy_log(level, at(text), text.byteLength);
}

/** An attribute, such as ["request", "path"], or what `setProperty` has set; null where there is none. */
export function property(path: string[]): ArrayBuffer | null {
  const key = utf8(path.join("\0"));
  const status = host.proxy_get_property(at(key), key.byteLength, atOut, sizeOut);
  return status == OK ? takeBytes() : null;
}

/** A value that the filters of a request share. */
export function setProperty(path: string[], value: ArrayBuffer): Status {
  const key = utf8(path.join("\0"));
  return host.proxy_set_property(at(key), key.byteLength, at(value), value.byteLength);
}

/** A value that all instances with the same VM id share, and its version. */
export class SharedData {
  constructor(readonly value: ArrayBuffer, readonly cas: u32) {}
}

export function sharedData(key: string): SharedData | null {
  const name = utf8(key);
  const status = host.proxy_get_shared_data(at(name), name.byteLength, atOut, sizeOut, numberOut);
  return status == OK ? new SharedData(takeBytes(), number()) : null;
}

/** Sets it if its version is still `cas` (0: whatever it is); else CasMismatch. */
export function setSharedData(key: string, value: ArrayBuffer, cas: u32 = 0): Status {
  const name = utf8(key);
  return host.proxy_set_shared_data(at(name), name.byteLength, at(value), value.byteLength, cas);
}

/** A queue between instances. Token 0: there is none. */
export class Queue {
  constructor(readonly token: u32) {}

  put(item: ArrayBuffer): Status {
    return host.proxy_enqueue_shared_queue(this.token, at(item), item.byteLength);
  }

  /** The oldest item, null where there is none. */
  take(): ArrayBuffer | null {
    return host.proxy_dequeue_shared_queue(this.token, atOut, sizeOut) == OK ? takeBytes() : null;
  }
}

/** The caller becomes the queue's consumer: its `queueReady` is called for each item. */
export function registerQueue(name: string): Queue {
  const text = utf8(name);
  const status = host.proxy_register_shared_queue(at(text), text.byteLength, numberOut);
  return new Queue(status == OK ? number() : 0);
}

/** An empty `vmId` is the caller's own. */
export function resolveQueue(vmId: string, name: string): Queue {
  const vm = utf8(vmId);
  const text = utf8(name);
  const status = host.proxy_resolve_shared_queue(at(vm), vm.byteLength, at(text), text.byteLength, numberOut);
  return new Queue(status == OK ? number() : 0);
}

export enum MetricKind {
  Counter,
  Gauge,
  Histogram,
}

/** Shows in the metrics of the proxy. */
export class Metric {
  private id: u32 = 0;

  constructor(kind: MetricKind, name: string) {
    const text = utf8(name);
    if (host.proxy_define_metric(kind, at(text), text.byteLength, numberOut) == OK) this.id = number();
  }

  /** Counts on; a counter only upwards, a histogram not at all. */
  add(offset: i64): Status {
    return host.proxy_increment_metric(this.id, offset);
  }

  /** Adds to a counter, sets a gauge, observes for a histogram. */
  record(value: u64): Status {
    return host.proxy_record_metric(this.id, value);
  }

  get value(): u64 {
    return host.proxy_get_metric(this.id, numberOut) == OK ? number64() : 0;
  }
}

/** `tick` is called every so often; 0 stops it. */
export function setTick(periodMs: u32): Status {
  return host.proxy_set_tick_period_milliseconds(periodMs);
}

/** Nanoseconds since 1970. */
export function now(): u64 {
  return host.proxy_get_current_time_nanoseconds(numberOut) == OK ? number64() : 0;
}

/** A function that only some hosts have, such as "clear_route_cache"; null where it fails. */
export function foreign(name: string, argument: ArrayBuffer): ArrayBuffer | null {
  const text = utf8(name);
  const status = host.proxy_call_foreign_function(at(text), text.byteLength, at(argument), argument.byteLength, atOut, sizeOut);
  return status == OK ? takeBytes() : null;
}

/** What the running callback is about, for `setContext`. */
export function context(): u32 {
  return currentContext();
}

/** Host calls are about another request until the callback returns; false where it is gone. */
export function setContext(id: u32): bool {
  if (host.proxy_set_effective_context(id) != OK) return false;
  setCurrentContext(id);
  return true;
}

/** Ends a plugin whose `done` was false. */
export function finished(): Status {
  return host.proxy_done();
}
