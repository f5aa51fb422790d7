/** How one answer is framed on an HTTP/1.1 connection (RFC 9112 6), and whether it keeps to it. */

import { LENGTH_CHUNKED, LENGTH_NONE, LENGTH_UNTIL_CLOSE } from '../codec/h1/serialize.ts';
import { parseContentLength } from '../codec/h1/syntax.ts';
import { fieldValue, type RequestHead, type ResponseHead } from '../codec/head.ts';

export class ResponseFraming {
  http10 = false;
  chunked = false;
  untilClose = false;
  /** The answer has no body whatever its length says (HEAD, 204, 304). */
  bodyless = false;
  #toHead = false;
  /** Bytes still promised; -1: not counted. */
  #left = -1;

  /** Before the answer: what it answers. */
  request(head: RequestHead): void {
    this.http10 = head.version === 'HTTP/1.0';
    this.#toHead = head.method === 'HEAD';
  }

  /** The length to announce: bytes or a LENGTH_ constant. `end`: no body follows. */
  response(head: ResponseHead, end: boolean): number {
    const { status } = head;
    const value = fieldValue(head.fields, 'content-length');
    const announced = value === undefined ? -1 : parseContentLength(value);
    this.chunked = false;
    this.untilClose = false;
    this.#left = -1;
    this.bodyless = this.#toHead || status === 204 || status === 304;
    if (this.bodyless) return status === 204 || announced === -1 ? LENGTH_NONE : announced;
    if (end) {
      this.#left = 0;
      return 0;
    }
    if (announced !== -1) {
      this.#left = announced;
      return announced;
    }
    this.untilClose = this.http10;
    this.chunked = !this.http10;
    return this.http10 ? LENGTH_UNTIL_CLOSE : LENGTH_CHUNKED;
  }

  /** Counts body bytes; false: more or less than was announced. */
  take(bytes: number, end: boolean): boolean {
    if (this.#left === -1) return true;
    this.#left -= bytes;
    return this.#left > 0 ? !end : this.#left === 0;
  }

  /** The Connection field to send, '' for none. */
  connection(keepAlive: boolean): string {
    if (!keepAlive) return 'close';
    return this.http10 ? 'keep-alive' : '';
  }
}
