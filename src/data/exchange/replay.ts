/** The request body as sent so far, kept so that another attempt can send it again; bounded. */

import { LIMITS } from '../../base/limits.ts';
import type { Fields } from '../codec/head.ts';
import type { ClientStream } from '../codec/stream.ts';

export class Replay {
  /** More has come than is kept: there is no second attempt. */
  overflown = false;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #end = false;
  #trailers: Fields | null = null;

  data(chunk: Uint8Array, end: boolean): void {
    this.#end = end;
    this.#bytes += chunk.length;
    if (this.#bytes > LIMITS.replayBytesMax) {
      this.overflown = true;
      this.#chunks = [];
    } else if (!this.overflown && chunk.length > 0) {
      // Not `slice`: of a Buffer that is a view of the borrowed bytes.
      this.#chunks.push(Buffer.from(chunk));
    }
  }

  trailers(fields: Fields): void {
    this.#trailers = fields;
  }

  /** Sends what is kept; what is still to come follows by itself. */
  writeTo(stream: ClientStream): boolean {
    let writable = true;
    for (const chunk of this.#chunks) writable = stream.writeData(chunk, false);
    if (this.#trailers !== null) stream.writeTrailers(this.#trailers);
    else if (this.#end) writable = stream.writeData(new Uint8Array(0), true);
    return writable;
  }
}
