/**
 * A backend of raw bytes: keeps everything each connection sends, answers each complete request,
 * and tells when something has arrived or a connection has ended.
 */

import * as net from 'node:net';
import { readMessage } from './plain-message.ts';

/** Longer than anything here takes; a hang is a failure with a name. */
const HANG_MS = 10_000;

export const BACKEND_ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

export class RecordedConnection {
  readonly socket: net.Socket;
  /** All it has sent, latin1. */
  bytes = '';
  /** The complete requests of it. */
  readonly requests: string[] = [];
  closed = false;
  #pending = '';

  constructor(socket: net.Socket) {
    this.socket = socket;
  }

  /** The requests that `text` completes. */
  take(text: string): string[] {
    this.bytes += text;
    this.#pending += text;
    const complete: string[] = [];
    for (;;) {
      const message = readMessage(this.#pending);
      if (message === null) break;
      complete.push(this.#pending.slice(0, message.end));
      this.#pending = this.#pending.slice(message.end);
    }
    this.requests.push(...complete);
    return complete;
  }
}

type Answer = (request: string, socket: net.Socket) => void;

export class RecordingBackend {
  connections: RecordedConnection[] = [];
  port = 0;
  /** Complete requests of all connections, in the order they came. */
  requests: string[] = [];
  /** A request that was not in the one form Tulle may send. */
  violations: string[] = [];
  readonly #server: net.Server;
  readonly #answer: Answer;
  #waiting: (() => void)[] = [];

  private constructor(answer: Answer) {
    this.#answer = answer;
    this.#server = net.createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  static async start(
    answer: Answer = (_, socket) => void socket.write(BACKEND_ANSWER),
  ): Promise<RecordingBackend> {
    const backend = new RecordingBackend(answer);
    await new Promise<void>((resolve) => backend.#server.listen(0, '127.0.0.1', resolve));
    backend.port = (backend.#server.address() as net.AddressInfo).port;
    return backend;
  }

  get bytes(): string {
    return this.connections.map((connection) => connection.bytes).join('');
  }

  /** Forgets what has been seen; open connections stay open but are no longer listed. */
  forget(): void {
    this.connections = [];
    this.requests = [];
    this.violations = [];
  }

  /** Resolves as soon as `seen()` holds; asked again whenever bytes or an end arrive. */
  async until(seen: () => boolean): Promise<void> {
    while (!seen()) await this.#next();
  }

  async close(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #next(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`the backend waits in vain behind ${JSON.stringify(this.bytes)}`));
      }, HANG_MS);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #accept(socket: net.Socket): void {
    const connection = new RecordedConnection(socket);
    this.connections.push(connection);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#data(connection, text));
    socket.on('error', () => {});
    socket.on('close', () => {
      connection.closed = true;
      this.#wake();
    });
    this.#wake();
  }

  #data(connection: RecordedConnection, text: string): void {
    const headBefore = connection.bytes.includes('\r\n\r\n');
    try {
      const complete = connection.take(text);
      const waits = /\r\nexpect: 100-continue\r\n/.test(connection.bytes) && !headBefore;
      if (waits) connection.socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      this.requests.push(...complete);
      for (const request of complete) this.#answer(request, connection.socket);
    } catch (error) {
      this.violations.push(`${error}`);
      connection.socket.destroy();
    }
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
