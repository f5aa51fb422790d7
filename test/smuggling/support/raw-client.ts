/** A client of raw bytes: writes what it is told, collects what comes, notices how it ends. */

import * as net from 'node:net';
import { type PlainMessage, readMessage } from './plain-message.ts';

/** Longer than any answer here takes; a hang is a failure with a name. */
const HANG_MS = 10_000;

export class RawClient {
  text = '';
  ended = false;
  /** The connection ended with an error such as ECONNRESET. */
  error = '';
  readonly #socket: net.Socket;
  #waiting: (() => void)[] = [];

  private constructor(port: number) {
    this.#socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: false });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => {
      this.text += text;
      this.#wake();
    });
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? 'error';
    });
    for (const event of ['end', 'close'])
      this.#socket.on(event, () => {
        this.ended = true;
        this.#wake();
      });
  }

  static async open(port: number): Promise<RawClient> {
    const client = new RawClient(port);
    await new Promise<void>((resolve, reject) => {
      client.#socket.once('connect', resolve);
      client.#socket.once('error', reject);
    });
    return client;
  }

  write(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  /** Sends FIN behind what was written. */
  end(): void {
    this.#socket.end();
  }

  /** Sends RST. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The next final answer, taken off what has come; throws when the connection ends before it. */
  async answer(bodyless = false): Promise<PlainMessage> {
    for (;;) {
      const message = readMessage(this.text, bodyless);
      if (message !== null) {
        this.text = this.text.slice(message.end);
        if (!/^HTTP\/1\.1 1\d\d /.test(message.line)) return message;
      } else if (this.ended) throw new Error(`ended after ${JSON.stringify(this.text)}`);
      else await this.#next();
    }
  }

  /** Until the other side has closed. */
  async closed(): Promise<void> {
    while (!this.ended) await this.#next();
  }

  async #next(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`hangs after ${JSON.stringify(this.text.slice(0, 400))}`));
      }, HANG_MS);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

export function statusOf(message: PlainMessage): number {
  return Number(message.line.slice(9, 12));
}
