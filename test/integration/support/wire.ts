/**
 * A socket read as HTTP/1.1 text by a test: heads, bodies and the end, one after the other, with
 * nothing forgiven and nothing hidden. Both raw ends of the tests, client and backend, are one.
 */

import type * as net from 'node:net';

export interface WireHead {
  /** Request or status line. */
  readonly start: string;
  /** name, value, name, value... in order; names lower case. */
  readonly fields: readonly string[];
}

export interface WireBody {
  readonly bytes: Buffer;
  /** name, value... */
  readonly trailers: readonly string[];
}

/** How a connection ended: '' for a FIN, else the system's code. */
export type WireEnd = string;

/** All values of a field, joined by ", "; undefined without one. */
export function fieldOf(head: WireHead, name: string): string | undefined {
  const values: string[] = [];
  for (let i = 0; i < head.fields.length; i += 2) {
    if (head.fields[i] === name) values.push(head.fields[i + 1] as string);
  }
  return values.length === 0 ? undefined : values.join(', ');
}

const NOTHING = Buffer.alloc(0);
/** A test that waits longer has failed. */
const PATIENCE_MS = 10_000;
const PIECE = Buffer.alloc(64 * 1024, 'p');

export class Wire {
  readonly socket: net.Socket;
  /** Bytes that {@link pour} has handed to the system. */
  poured = 0;
  #chunks: Buffer[] = [];
  #length = 0;
  #end: WireEnd | null = null;
  #error = '';
  #drained: () => void = () => {};
  #wake: (() => void)[] = [];
  /** Settles when nothing more can be read or written. */
  readonly closed: Promise<WireEnd>;

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#awake();
    });
    socket.on('drain', () => this.#drained());
    socket.on('end', () => {
      this.#end ??= '';
      this.#awake();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error = error.code ?? 'EIO';
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#end ??= this.#error;
        this.#drained();
        this.#awake();
        resolve(this.#error);
      });
    });
  }

  /** Bytes that have come and nobody has read. */
  get unread(): number {
    return this.#length;
  }

  /** Sends so many bytes, no faster than they are taken. */
  async pour(bytes: number): Promise<void> {
    const until = this.poured + bytes;
    while (this.poured < until && !this.socket.destroyed) {
      const piece = PIECE.subarray(0, Math.min(PIECE.length, until - this.poured));
      this.poured += piece.length;
      if (this.socket.write(piece)) continue;
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
  }

  /** Reads and forgets so many bytes. */
  async skip(bytes: number): Promise<void> {
    let left = bytes;
    while (left > 0) {
      if (this.#length === 0) await this.take(1).then(() => left--);
      const taken = Math.min(left, this.#length);
      this.#take(taken);
      left -= taken;
    }
  }

  send(text: string | Uint8Array): void {
    if (typeof text === 'string') this.socket.write(text, 'latin1');
    else this.socket.write(text);
  }

  /** FIN: nothing more will be sent. */
  endSending(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** The next head, or null where the connection ended before its first byte. */
  async head(): Promise<WireHead | null> {
    let end = this.#bytes.indexOf('\r\n\r\n');
    while (end === -1) {
      if (this.#end !== null) {
        if (this.#length === 0) return null;
        throw new Error(
          `ended (${this.#end || 'FIN'}) in a head: ${this.#bytes.toString('latin1', 0, 200)}`,
        );
      }
      await this.#more();
      end = this.#bytes.indexOf('\r\n\r\n');
    }
    const [start, ...lines] = this.#take(end + 4)
      .toString('latin1', 0, end)
      .split('\r\n') as [string, ...string[]];
    return { start, fields: lines.flatMap(fieldLine) };
  }

  async take(bytes: number): Promise<Buffer> {
    while (this.#length < bytes) {
      if (this.#end !== null) throw this.#short(`${bytes} bytes`);
      await this.#more();
    }
    return this.#take(bytes);
  }

  /** A line without its CRLF. */
  async line(): Promise<string> {
    let end = this.#bytes.indexOf('\r\n');
    while (end === -1) {
      if (this.#end !== null) throw this.#short('a line');
      await this.#more();
      end = this.#bytes.indexOf('\r\n');
    }
    return this.#take(end + 2).toString('latin1', 0, end);
  }

  /** What is left up to a FIN; an error rejects. */
  async toEnd(): Promise<Buffer> {
    while (this.#end === null) await this.#more();
    if (this.#end !== '') throw new Error(`cut with ${this.#end}`);
    return this.#take(this.#length);
  }

  /** The size line and data of one chunk; null for the last one, whose trailers are not yet read. */
  async chunk(): Promise<Buffer | null> {
    const line = await this.line();
    if (!/^[0-9a-f]+$/.test(line)) throw new Error(`bad chunk size line: ${line}`);
    const size = Number.parseInt(line, 16);
    if (size === 0) return null;
    const data = await this.take(size);
    const after = await this.line();
    if (after !== '') throw new Error(`chunk is longer than its size: ${after}`);
    return data;
  }

  async trailers(): Promise<string[]> {
    const fields: string[] = [];
    for (let line = await this.line(); line !== ''; line = await this.line()) {
      fields.push(...fieldLine(line));
    }
    return fields;
  }

  /** A body framed as `head` says; `untilClose`: without framing fields it lasts to the FIN. */
  async body(head: WireHead, untilClose: boolean): Promise<WireBody> {
    const coding = fieldOf(head, 'transfer-encoding');
    const length = fieldOf(head, 'content-length');
    if (coding !== undefined && length !== undefined) throw new Error('two framings');
    if (coding !== undefined) {
      if (coding !== 'chunked') throw new Error(`coding ${coding}`);
      const chunks: Buffer[] = [];
      for (let chunk = await this.chunk(); chunk !== null; chunk = await this.chunk()) {
        chunks.push(chunk);
      }
      return { bytes: Buffer.concat(chunks), trailers: await this.trailers() };
    }
    if (length !== undefined) return { bytes: await this.take(Number(length)), trailers: [] };
    return { bytes: untilClose ? await this.toEnd() : NOTHING, trailers: [] };
  }

  /** Resolves when the other side has ended or cut it and nothing unread is left; bytes reject. */
  async ended(): Promise<WireEnd> {
    while (this.#end === null && this.#length === 0) await this.#more();
    if (this.#length > 0)
      throw new Error(`unexpected bytes: ${this.#bytes.toString('latin1', 0, 200)}`);
    return this.#end ?? '';
  }

  #short(wanted: string): Error {
    const end = this.#end === '' ? 'FIN' : this.#end;
    return new Error(
      `ended (${end}) before ${wanted}; left: ${this.#bytes.toString('latin1', 0, 200)}`,
    );
  }

  get #bytes(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? NOTHING;
  }

  #take(bytes: number): Buffer {
    const all = this.#bytes;
    this.#chunks = [all.subarray(bytes)];
    this.#length = all.length - bytes;
    return all.subarray(0, bytes);
  }

  async #more(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      this.#wake.push(resolve);
      timer = setTimeout(() => reject(new Error('nothing comes')), PATIENCE_MS);
    });
    clearTimeout(timer);
  }

  #awake(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}

function fieldLine(line: string): [string, string] {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/.exec(line);
  if (match === null) throw new Error(`bad field line: ${line}`);
  return [(match[1] as string).toLowerCase(), match[2] as string];
}
