/**
 * As much of HTTP/1.1 as a load generator needs of an answer: where it ends, its status, whether the
 * connection goes on. Bytes come in any pieces; only a head that arrives in pieces is copied. Framing
 * is Content-Length or chunked; an answer with neither cannot be told from a cut one and is refused.
 */

export type ReadState = 'more' | 'done' | 'bad';

const HEAD_END = '\r\n\r\n';
const HEAD_BYTES_MAX = 64 * 1024;

type Part = 'head' | 'counted' | 'chunk-line' | 'chunk' | 'chunk-end' | 'trailer';

export class AnswerReader {
  status = 0;
  keepAlive = true;
  #part: Part = 'head';
  #text = '';
  #remaining = 0;

  /** Ready for the next answer of the connection. */
  reset(): void {
    this.status = 0;
    this.keepAlive = true;
    this.#part = 'head';
    this.#text = '';
    this.#remaining = 0;
  }

  /** `done` exactly once an answer; bytes beyond its end are `bad`, as nothing was asked for yet. */
  read(buffer: Buffer, length: number): ReadState {
    let at = 0;
    while (at < length) {
      if (this.#part === 'counted' || this.#part === 'chunk') {
        const taken = Math.min(this.#remaining, length - at);
        at += taken;
        this.#remaining -= taken;
        if (this.#remaining > 0) return 'more';
        if (this.#part === 'counted') return at === length ? 'done' : 'bad';
        this.#part = 'chunk-end';
        continue;
      }
      const end = this.#part === 'head' ? HEAD_END : '\r\n';
      const carried = this.#text.length;
      this.#text += buffer.toString('latin1', at, Math.min(length, at + HEAD_BYTES_MAX));
      const found = this.#text.indexOf(end);
      if (found < 0) return this.#text.length >= HEAD_BYTES_MAX ? 'bad' : 'more';
      at += found + end.length - carried;
      const line = this.#text.slice(0, found);
      this.#text = '';
      const state = this.#part === 'head' ? this.#takeHead(line) : this.#takeLine(line);
      if (state === 'done') return at === length ? 'done' : 'bad';
      if (state === 'bad') return 'bad';
    }
    return 'more';
  }

  #takeHead(head: string): ReadState {
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
    if (status === undefined) return 'bad';
    this.status = Number(status);
    if (this.status < 200) return 'more'; // the final answer follows
    if (/\r\nconnection:[^\r]*\bclose\b/i.test(head)) this.keepAlive = false;
    if (/\r\ntransfer-encoding:[^\r]*\bchunked\b/i.test(head)) {
      this.#part = 'chunk-line';
      return 'more';
    }
    const counted = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (this.status === 204 || this.status === 304 || counted === '0') return 'done';
    if (counted === undefined) return 'bad';
    this.#remaining = Number(counted);
    this.#part = 'counted';
    return 'more';
  }

  #takeLine(line: string): ReadState {
    if (this.#part === 'chunk-end') {
      this.#part = 'chunk-line';
      return line === '' ? 'more' : 'bad';
    }
    if (this.#part === 'trailer') return line === '' ? 'done' : 'more';
    const size = /^[0-9a-f]{1,12}/i.exec(line)?.[0];
    if (size === undefined) return 'bad';
    this.#remaining = Number.parseInt(size, 16);
    this.#part = this.#remaining === 0 ? 'trailer' : 'chunk';
    return 'more';
  }
}
