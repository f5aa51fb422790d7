/**
 * A backend whose every byte a test decides. Each connection runs a script; the usual one reads
 * requests and hands each to a function that answers.
 */

import * as net from 'node:net';
import type { Endpoint } from '../../../src/config/cluster.ts';
import { fieldOf, Wire, type WireHead } from './wire.ts';

export interface BackendRequest {
  readonly method: string;
  readonly target: string;
  readonly head: WireHead;
  readonly body: string;
  readonly trailers: readonly string[];
  /** Counted from 0 over the connection. */
  readonly index: number;
  field(name: string): string | undefined;
}

export class BackendConnection extends Wire {
  #requests = 0;

  /** The next request's head, or null at the end of the connection. */
  async requestHead(): Promise<WireHead | null> {
    const head = await this.head();
    if (head !== null && !/^[A-Z]+ \S+ HTTP\/1\.1$/.test(head.start)) {
      throw new Error(`bad request line: ${head.start}`);
    }
    return head;
  }

  /** The next request, whole, or null. */
  async request(): Promise<BackendRequest | null> {
    const head = await this.requestHead();
    if (head === null) return null;
    const body = await this.body(head, false);
    const [method, target] = head.start.split(' ') as [string, string];
    return {
      method,
      target,
      head,
      body: body.bytes.toString('latin1'),
      trailers: body.trailers,
      index: this.#requests++,
      field: (name) => fieldOf(head, name),
    };
  }
}

export type Script = (connection: BackendConnection) => Promise<void> | void;
export type Handler = (request: BackendRequest, connection: BackendConnection) => unknown;

export class RawBackend {
  readonly port: number;
  readonly endpoint: Endpoint;
  readonly connections: BackendConnection[] = [];
  /** Requests that {@link RawBackend.serving} has read, over all connections. */
  readonly requests: BackendRequest[] = [];
  /** Errors a script has thrown while its connection was open. */
  readonly problems: unknown[] = [];
  readonly #server: net.Server;
  #waiting: { readonly count: number; readonly wake: () => void }[] = [];

  private constructor(server: net.Server, script: Script) {
    this.#server = server;
    this.port = (server.address() as net.AddressInfo).port;
    this.endpoint = { address: '127.0.0.1', port: this.port, weight: 1 };
    server.on('connection', (socket) => {
      const connection = new BackendConnection(socket);
      this.connections.push(connection);
      this.#waiting = this.#waiting.filter(({ count, wake }) => {
        if (this.connections.length < count) return true;
        wake();
        return false;
      });
      void this.#run(connection, script);
    });
  }

  /** Runs `script` on each connection. */
  static async scripted(script: Script): Promise<RawBackend> {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new RawBackend(server, script);
  }

  /** Reads requests one after the other and has `handler` answer them. */
  static async serving(handler: Handler = hello): Promise<RawBackend> {
    const backend: RawBackend = await RawBackend.scripted(async (connection) => {
      for (;;) {
        const request = await connection.request();
        if (request === null) {
          connection.endSending();
          return;
        }
        backend.requests.push(request);
        await handler(request, connection);
      }
    });
    return backend;
  }

  get open(): number {
    return this.connections.filter(({ socket }) => !socket.destroyed).length;
  }

  /** The connection with this number (from 0) once it is there. */
  async connection(index: number): Promise<BackendConnection> {
    if (this.connections.length <= index) {
      await new Promise<void>((wake) => this.#waiting.push({ count: index + 1, wake }));
    }
    return this.connections[index] as BackendConnection;
  }

  /** Accepts no more; open connections stay. */
  stopListening(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {});
      setImmediate(resolve);
    });
  }

  close(): void {
    this.#server.close();
    for (const { socket } of this.connections) socket.destroy();
  }

  async #run(connection: BackendConnection, script: Script): Promise<void> {
    try {
      await script(connection);
    } catch (error) {
      if (!connection.socket.destroyed) this.problems.push(error);
    }
  }
}

/** An answer with a length. */
export function ok(body = 'hello', fields = ''): string {
  return `HTTP/1.1 200 OK\r\n${fields}content-length: ${body.length}\r\n\r\n${body}`;
}

/** Answers with the request's target. */
export const hello: Handler = (request, connection) => connection.send(ok(request.target));

/** Answers with the request's body. */
export const echo: Handler = (request, connection) => connection.send(ok(request.body));
