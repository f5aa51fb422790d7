/**
 * Steady load that counts strictly: a request fails unless its whole 2xx answer came, whatever a
 * browser would have done about it. Each client sends one request after another, with a pause
 * between; nothing is sent twice.
 */

import * as net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface LoadOptions {
  readonly port: number;
  readonly clients: number;
  /** False: a connection for each request. */
  readonly keepAlive: boolean;
  readonly path?: string;
  /** Between an answer and the next request of a client. */
  readonly pauseMs?: number;
}

export interface LoadResult {
  readonly answered: number;
  readonly failed: number;
  /** Failures by what happened. */
  readonly failures: Readonly<Record<string, number>>;
}

const ANSWER_MS = 20_000;

export class SteadyLoad {
  readonly #options: LoadOptions;
  readonly #clients: Promise<void>[];
  readonly #failures: Record<string, number> = {};
  #answered = 0;
  #stopped = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#clients = Array.from({ length: options.clients }, () => this.#client());
  }

  get answered(): number {
    return this.#answered;
  }

  /** Lets every request in flight be answered. */
  async stop(): Promise<LoadResult> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    const failed = Object.values(this.#failures).reduce((sum, count) => sum + count, 0);
    return { answered: this.#answered, failed, failures: this.#failures };
  }

  async #client(): Promise<void> {
    const { pauseMs = 5, keepAlive } = this.#options;
    let connection: LoadConnection | null = null;
    while (!this.#stopped) {
      if (connection === null || connection.closed) connection = new LoadConnection(this.#options);
      const failure = await connection.ask();
      if (failure === '') this.#answered++;
      else this.#failures[failure] = (this.#failures[failure] ?? 0) + 1;
      if (!keepAlive) connection.end();
      await delay(pauseMs);
    }
    connection?.end();
  }
}

class LoadConnection {
  /** The other side has said or shown that it takes no further request. */
  closed = false;
  readonly #socket: net.Socket;
  readonly #request: string;
  #text = '';
  #answer: ((failure: string) => void) | null = null;
  #error = '';

  constructor({ port, path = '/', keepAlive }: LoadOptions) {
    this.#socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    const last = keepAlive ? '' : 'connection: close\r\n';
    this.#request = `GET ${path} HTTP/1.1\r\nhost: load\r\n${last}\r\n`;
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#data(text));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error = error.code ?? error.message;
    });
    this.#socket.on('close', () => this.#settle(`closed ${this.#error}`.trim()));
    this.#socket.on('end', () => this.#settle('closed'));
  }

  /** '' when a whole 2xx answer came. */
  ask(): Promise<string> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle('no answer'), ANSWER_MS);
      this.#answer = (failure) => {
        clearTimeout(timer);
        resolve(failure);
      };
      this.#socket.write(this.#request);
    });
  }

  end(): void {
    this.closed = true;
    this.#socket.destroy();
  }

  #data(text: string): void {
    this.#text += text;
    const headEnd = this.#text.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const head = this.#text.slice(0, headEnd).toLowerCase();
    const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) this.#settle(`no length in ${head.slice(0, 40)}`);
    if (this.#text.length < headEnd + 4 + length) return;
    this.#text = this.#text.slice(headEnd + 4 + length);
    if (head.includes('\r\nconnection: close')) this.closed = true;
    const status = head.slice(9, 12);
    const answer = this.#answer;
    this.#answer = null;
    answer?.(status.startsWith('2') ? '' : `status ${status}`);
    if (this.closed) this.#socket.end();
  }

  #settle(failure: string): void {
    this.closed = true;
    const answer = this.#answer;
    this.#answer = null;
    answer?.(failure);
  }
}
