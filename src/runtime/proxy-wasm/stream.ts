/**
 * A guest's stream context as host calls see it: the request or the TCP connection it stands for.
 * The data plane's adapter extends it, so that a request costs one object. Nothing here may call
 * the guest: host calls run with the guest on the stack.
 */

import type { Vm } from './vm.ts';

/** An answer a guest makes. */
export interface GuestReply {
  readonly status: number;
  readonly details: string;
  /** Flat, names in lower case. */
  readonly fields: string[];
  readonly body: Uint8Array;
  /** -1: none. */
  readonly grpcStatus: number;
}

/** Body bytes a guest may read and change now. */
export interface GuestBody {
  readonly length: number;
  bytes(): Uint8Array;
  /** The bytes belong to the body from then on. */
  replace(bytes: Uint8Array): void;
}

/**
 * What a property holds, by its encoding for the guest: text raw (one byte a char), numbers as 64
 * bits, booleans as a byte, a flat map as pairs.
 */
export type PropertyValue = string | number | bigint | boolean | Uint8Array | readonly string[];

export abstract class GuestStream {
  readonly vm: Vm;
  /** Given when the guest is told of it; 0 before. */
  id = 0;
  /** The guest knows of it. */
  created = false;

  constructor(vm: Vm) {
    this.vm = vm;
  }

  /** Lines of a map as they stand, pseudo-fields apart; null where there is no such map now. */
  abstract fields(map: number): string[] | null;
  /** Whether an edit of the map still changes anything. */
  abstract editable(map: number): boolean;
  /** Names and values of a map's pseudo-fields, flat; borrowed until the next call. */
  abstract pseudoFields(map: number): readonly string[];
  /** `name` begins with a colon, or is `host`. */
  abstract pseudoField(map: number, name: string): string | undefined;
  /** False: the value is not one the field can have. */
  abstract setPseudoField(map: number, name: string, value: string): boolean;
  /** The trailers of a map that came without any; null where it is too late or too early. */
  abstract makeTrailers(map: number): string[] | null;
  /** After each edit of a map. */
  abstract edited(map: number): void;
  /** What stands at this filter now of a body (`buffer` 0 and 1) or of a connection's data (2 and 3). */
  abstract body(buffer: number): GuestBody | null;
  abstract property(path: readonly string[]): PropertyValue | undefined;
  /** A value of the filter state; guests' own properties are there as `wasm.` and their path. */
  abstract ownProperty(key: string): Uint8Array | undefined;
  abstract setOwnProperty(key: string, value: Uint8Array): void;
  abstract clearRouteCache(): void;
  // The following run after the guest has returned.
  abstract reply(reply: GuestReply): void;
  abstract continueStream(type: number): void;
  abstract closeStream(type: number): void;
  /** The guest trapped, in this stream or another. */
  vmDied(): void {
    this.created = false;
  }
}
