/**
 * Standard input, output and error. Their other ends are handed in, so that today's bytes given up
 * front can become a queue that fills while the guest waits.
 *
 * They report the file type `unknown`, as pipes do: C libraries then buffer standard output instead
 * of writing each line, which saves a host call a line.
 */

import type { Buffer } from 'node:buffer';
import { FILETYPE, RIGHTS } from './abi.ts';
import { Descriptor } from './descriptor.ts';

/** Where standard input comes from. */
export interface InputSource {
  /** Bytes read, 0 at the end, `-ERRNO.again` when none have come yet. */
  read(into: Buffer, at: number, length: number): number;
  /** Bytes at hand; -1: none yet, more may come. */
  readable(): number;
}

/** Where output goes. The bytes are borrowed. */
export interface OutputSink {
  /** Bytes taken or a negated errno; throws GuestStop over its bound. */
  write(from: Buffer, at: number, length: number): number;
}

/** Input known as a whole before the run. */
export class BytesInput implements InputSource {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(into: Buffer, at: number, length: number): number {
    const count = Math.min(length, this.#bytes.length - this.#at);
    if (count === 0) return 0;
    into.set(this.#bytes.subarray(this.#at, this.#at + count), at);
    this.#at += count;
    return count;
  }

  readable(): number {
    return this.#bytes.length - this.#at;
  }
}

const NO_INPUT: InputSource = { read: () => 0, readable: () => 0 };

const STREAM_RIGHTS = RIGHTS.fdFdstatSetFlags | RIGHTS.fdFilestatGet | RIGHTS.pollFdReadwrite;

export class InputDescriptor extends Descriptor {
  readonly #source: InputSource;

  constructor(source: InputSource) {
    super(FILETYPE.unknown, STREAM_RIGHTS | RIGHTS.fdRead, 0);
    this.#source = source;
  }

  override read(into: Buffer, at: number, length: number): number {
    return this.#source.read(into, at, length);
  }

  override readable(): number {
    return this.#source.readable();
  }
}

export class OutputDescriptor extends Descriptor {
  readonly #sink: OutputSink;

  constructor(sink: OutputSink) {
    super(FILETYPE.unknown, STREAM_RIGHTS | RIGHTS.fdWrite, 0);
    this.#sink = sink;
  }

  override write(from: Buffer, at: number, length: number): number {
    return this.#sink.write(from, at, length);
  }
}

/** An empty input for requests without a body. */
export function inputOf(bytes: Uint8Array | null): InputSource {
  return bytes === null || bytes.length === 0 ? NO_INPUT : new BytesInput(bytes);
}
