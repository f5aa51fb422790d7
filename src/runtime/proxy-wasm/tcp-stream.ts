/**
 * A TCP connection as a stream context of a Wasm filter. Whoever owns the connection feeds in what
 * arrives from both sides and gets back, through {@link TcpOwner}, what the guest lets pass.
 *
 * - Bytes the guest stops are kept, and each later callback of that direction sees all of them.
 *   "Continue", or `proxy_continue_stream` for the downstream, lets all of them go. There is no such
 *   call for bytes from the upstream: those go with the next callback that continues.
 * - A new connection the guest stops is held likewise; nothing goes to the upstream before it.
 * - The end of the upstream's bytes is its close for the guest. The context ends with the client's
 *   connection: done, log, delete.
 * - A trap closes both sides, or, where the plugin is open, lets everything pass from then on.
 */

import { LIMITS } from '../../base/limits.ts';
import type { FilterState } from '../../observe/filter-state.ts';
import type { GuestFunction } from './exports.ts';
import type { Plugin } from './plugin.ts';
import {
  ACTION_CONTINUE,
  BUFFER_DOWNSTREAM_DATA,
  BUFFER_UPSTREAM_DATA,
  NO_BYTES,
  PEER_UNKNOWN,
  STREAM_DOWNSTREAM,
  STREAM_UPSTREAM,
} from './status.ts';
import type { GuestBody, PropertyValue } from './stream.ts';
import { GuestStream } from './stream.ts';
import type { Vm } from './vm.ts';

/** What a filter wants of the connection it stands in. */
export interface TcpOwner {
  readonly filterState: FilterState;
  /** The connection may go on: to the next filter, or to an upstream. Comes at most once. */
  proceed(): void;
  /** Bytes from the client that may go on, after `proceed`. */
  forward(bytes: Uint8Array, end: boolean): void;
  /** Bytes from the upstream that may go on. */
  answer(bytes: Uint8Array, end: boolean): void;
  /** More is held of a direction than may be, or no longer is: stop reading there, or go on. */
  pause(upstream: boolean, paused: boolean): void;
  /** The guest ends one side; what was sent before still arrives. */
  close(upstream: boolean): void;
  /** The guest failed: both sides are to be cut. */
  fail(): void;
  property(path: readonly string[]): PropertyValue | undefined;
}

/** The bytes of one direction that stand at the filter. */
class Held implements GuestBody {
  ended = false;
  paused = false;
  /** The guest may look at them now. */
  shown = false;
  #bytes: Uint8Array = NO_BYTES;

  get length(): number {
    return this.#bytes.length;
  }

  bytes(): Uint8Array {
    return this.#bytes;
  }

  replace(bytes: Uint8Array): void {
    this.#bytes = bytes;
  }

  append(chunk: Uint8Array): void {
    if (this.#bytes.length === 0) {
      this.#bytes = chunk;
      return;
    }
    const all = new Uint8Array(this.#bytes.length + chunk.length);
    all.set(this.#bytes);
    all.set(chunk, this.#bytes.length);
    this.#bytes = all;
  }

  /** Bytes that were borrowed become its own. */
  keep(): void {
    this.#bytes = new Uint8Array(this.#bytes);
  }

  take(): Uint8Array {
    const bytes = this.#bytes;
    this.#bytes = NO_BYTES;
    this.shown = false;
    return bytes;
  }
}

export class TcpStream extends GuestStream {
  readonly #plugin: Plugin;
  readonly #owner: TcpOwner;
  readonly #failOpen: boolean;
  readonly #fromClient = new Held();
  readonly #fromUpstream = new Held();
  #proceeded = false;
  #upstreamClosed = false;
  #over = false;

  constructor(vm: Vm, plugin: Plugin, owner: TcpOwner, failOpen: boolean) {
    super(vm);
    this.#plugin = plugin;
    this.#owner = owner;
    this.#failOpen = failOpen;
    plugin.streamStarted();
  }

  /** A client has connected. */
  open(): void {
    this.vm.createStream(this);
    if (!this.created) {
      if (!this.vm.dead) this.#failed();
      return;
    }
    const action = this.vm.run(this, this.vm.exports.newConnection, this.id);
    if (action === ACTION_CONTINUE && this.created) this.#proceed();
  }

  /** The chunk is borrowed. */
  clientData(chunk: Uint8Array, end: boolean): void {
    this.#data(this.#fromClient, this.vm.exports.downstreamData, chunk, end);
  }

  /** The chunk is borrowed. */
  upstreamData(chunk: Uint8Array, end: boolean): void {
    this.#data(this.#fromUpstream, this.vm.exports.upstreamData, chunk, end);
    if (end) this.upstreamClosed(PEER_UNKNOWN);
  }

  /** `peer`: one of the PEER_ numbers. Told once, and not after the client's close. */
  upstreamClosed(peer: number): void {
    if (this.#upstreamClosed || !this.created) return;
    this.#upstreamClosed = true;
    this.vm.run(this, this.vm.exports.upstreamClose, this.id, peer);
  }

  /** The client's connection is closed: the context ends. */
  clientClosed(peer: number): void {
    if (this.#over) return;
    this.#over = true;
    if (this.created) this.vm.run(this, this.vm.exports.downstreamClose, this.id, peer);
    this.#fromClient.take();
    this.#fromUpstream.take();
    this.vm.endConnection(this);
    this.#plugin.streamEnded();
  }

  body(buffer: number): GuestBody | null {
    const held = buffer === BUFFER_DOWNSTREAM_DATA ? this.#fromClient : this.#fromUpstream;
    const isData = buffer === BUFFER_DOWNSTREAM_DATA || buffer === BUFFER_UPSTREAM_DATA;
    return isData && held.shown ? held : null;
  }

  property(path: readonly string[]): PropertyValue | undefined {
    return this.#owner.property(path);
  }

  ownProperty(key: string): Uint8Array | undefined {
    return this.#owner.filterState.get(key);
  }

  setOwnProperty(key: string, value: Uint8Array): void {
    if (!this.#owner.filterState.set(key, value)) {
      this.vm.warn('a property was not set: the connection has too many');
    }
  }

  continueStream(type: number): void {
    if (type !== STREAM_DOWNSTREAM || this.#over) return;
    this.#proceed();
    if (this.#fromClient.shown) this.#release(this.#fromClient);
  }

  closeStream(type: number): void {
    if (this.#over || type < STREAM_DOWNSTREAM) return;
    this.#owner.close(type === STREAM_UPSTREAM);
  }

  override vmDied(): void {
    super.vmDied();
    if (!this.#over) this.#failed();
  }

  // A connection has no messages.
  fields(): null {
    return null;
  }

  editable(): boolean {
    return false;
  }

  pseudoFields(): readonly string[] {
    return NOTHING;
  }

  pseudoField(): undefined {
    return undefined;
  }

  setPseudoField(): boolean {
    return false;
  }

  makeTrailers(): null {
    return null;
  }

  edited(): void {}
  clearRouteCache(): void {}
  reply(): void {}

  #data(held: Held, fn: GuestFunction | null, chunk: Uint8Array, end: boolean): void {
    if (this.#over) return;
    held.append(chunk);
    held.ended ||= end;
    held.shown = true;
    if (!this.created) {
      // Open, and the guest is gone: everything passes.
      if (this.#proceeded) this.#release(held);
      return;
    }
    const action = this.vm.run(this, fn, this.id, held.length, end ? 1 : 0);
    if (!this.created || this.#over) return;
    if (action === ACTION_CONTINUE) {
      if (held === this.#fromClient) this.#proceed();
      this.#release(held);
      return;
    }
    // `proxy_continue_stream` may have let them go already.
    if (!held.shown) return;
    held.keep();
    if (held.length > LIMITS.filterBufferBytesMax) this.#setPaused(held, true);
  }

  #proceed(): void {
    if (this.#proceeded || this.#over) return;
    this.#proceeded = true;
    this.#owner.proceed();
  }

  #release(held: Held): void {
    const end = held.ended;
    const bytes = held.take();
    this.#setPaused(held, false);
    if (bytes.length === 0 && !end) return;
    if (held === this.#fromClient) this.#owner.forward(bytes, end);
    else this.#owner.answer(bytes, end);
  }

  #setPaused(held: Held, paused: boolean): void {
    if (held.paused === paused) return;
    held.paused = paused;
    this.#owner.pause(held === this.#fromUpstream, paused);
  }

  #failed(): void {
    if (!this.#failOpen) {
      this.#owner.fail();
      return;
    }
    this.#proceed();
    for (const held of [this.#fromClient, this.#fromUpstream]) {
      if (held.shown) this.#release(held);
    }
  }
}

const NOTHING: readonly string[] = [];
