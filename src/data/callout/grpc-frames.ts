/**
 * gRPC's frames inside an HTTP/2 body: a byte that says whether the message is compressed, its
 * length, the message.
 */

import { LIMITS } from '../../base/limits.ts';

const HEAD_BYTES = 5;

export function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + message.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, HEAD_BYTES);
  return bytes;
}

export type FrameProblem = 'compressed' | 'too large';

/** Cuts a body into messages, however it is cut into chunks. */
export class FrameReader {
  readonly #message: (bytes: Uint8Array) => void;
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headBytes = 0;
  #body: Uint8Array | null = null;
  #bodyBytes = 0;

  constructor(message: (bytes: Uint8Array) => void) {
    this.#message = message;
  }

  /** Nothing of a message is left over. */
  get empty(): boolean {
    return this.#headBytes === 0;
  }

  /** Null, or why nothing more can be read. The chunk belongs to the reader. */
  read(chunk: Uint8Array): FrameProblem | null {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body === null) {
        const taken = Math.min(HEAD_BYTES - this.#headBytes, chunk.length - at);
        this.#head.set(chunk.subarray(at, at + taken), this.#headBytes);
        this.#headBytes += taken;
        at += taken;
        if (this.#headBytes < HEAD_BYTES) return null;
        if (this.#head[0] !== 0) return 'compressed';
        const length = this.#head.readUInt32BE(1);
        if (length > LIMITS.calloutAnswerBytesMax) return 'too large';
        this.#body = new Uint8Array(length);
        this.#bodyBytes = 0;
      }
      const body = this.#body;
      const taken = Math.min(body.length - this.#bodyBytes, chunk.length - at);
      body.set(chunk.subarray(at, at + taken), this.#bodyBytes);
      this.#bodyBytes += taken;
      at += taken;
      if (this.#bodyBytes < body.length) return null;
      this.#body = null;
      this.#headBytes = 0;
      this.#message(body);
    }
    return null;
  }
}
