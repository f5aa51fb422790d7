/**
 * One socket address in one worker: accepts connections and keeps count of them. Every worker
 * listens on the same address with SO_REUSEPORT, so the kernel spreads connections and a worker
 * that is gone takes none of the others' with it.
 *
 * Its life: listen, then serve, then drain. Draining it first stops listening (`quiet-close.ts`),
 * then serves what is open to its end.
 */

import * as net from 'node:net';
import { LIMITS } from '../../base/limits.ts';
import type { Log } from '../../base/log.ts';
import { Connection, type ConnectionHandler } from '../connection/connection.ts';
import { ServerConnection } from '../exchange/server-connection.ts';
import type { ServerContext } from '../exchange/server-context.ts';
import { closeWhenQuiet } from './quiet-close.ts';

const BACKLOG = 4_096;
/** Between two complaints that connections cannot be accepted. */
const REPORT_MS = 10_000;

export interface BindServerOptions {
  readonly address: string;
  readonly port: number;
  readonly log: Log;
  /** All but `draining` and `connectionClosed`, which are the server's own. */
  readonly context: Omit<ServerContext, 'draining' | 'connectionClosed'>;
}

export class BindServer implements ServerContext {
  readonly deps: ServerContext['deps'];
  readonly wheel: ServerContext['wheel'];
  readonly metrics: ServerContext['metrics'];
  readonly tables: ServerContext['tables'];
  draining = false;
  readonly address: string;
  readonly port: number;
  readonly #log: Log;
  readonly #server: net.Server;
  readonly #connections = new Set<ServerConnection>();
  /** Connections accepted while the socket is being closed; null at all other times. */
  #held: net.Socket[] | null = null;
  #accepted = 0;
  #reportedMs = Number.NEGATIVE_INFINITY;
  #closing: Promise<void> | null = null;
  #draining: Promise<void> | null = null;
  readonly #idle = Promise.withResolvers<void>();

  constructor(options: BindServerOptions) {
    this.address = options.address;
    this.port = options.port;
    this.#log = options.log;
    this.deps = options.context.deps;
    this.wheel = options.context.wheel;
    this.metrics = options.context.metrics;
    this.tables = options.context.tables;
    this.#server = net.createServer(
      {
        pauseOnConnect: true,
        allowHalfOpen: true,
        noDelay: true,
        highWaterMark: LIMITS.highWatermarkBytes,
      },
      (socket) => this.#accept(socket),
    );
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Rejects with the system's error: EADDRINUSE, EACCES, EADDRNOTAVAIL. */
  async listen(): Promise<void> {
    const { address, port } = this;
    try {
      await this.#listen(address, port);
    } catch (error) {
      // A machine without IPv6 has no dual-stack address.
      if (address !== '::' || !isNoIpv6(error)) throw error;
      await this.#listen('0.0.0.0', port);
    }
    this.#server.on('error', (error: NodeJS.ErrnoException) => this.#acceptFailed(error));
  }

  /** Resolves when the socket is closed. Connections go on as they are. */
  stopListening(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /**
   * Stops listening, then serves what is open to its end, idle connections for a moment. Resolves
   * when the last connection is closed.
   */
  drain(): Promise<void> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  /** Cuts what is still open. */
  destroy(): void {
    this.#server.close();
    for (const socket of this.#held ?? []) socket.destroy();
    for (const connection of this.#connections) connection.destroy();
  }

  connectionClosed(connection: ServerConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.metrics.connectionsActive.add(-1);
    this.#checkIdle();
  }

  async #close(): Promise<void> {
    const held: net.Socket[] = [];
    this.#held = held;
    const { clock } = this.deps;
    await closeWhenQuiet(this.#server, { clock, accepted: () => this.#accepted });
    this.#held = null;
    for (const socket of held) if (!socket.destroyed) this.#serve(socket);
  }

  /** In this order: a client that is told to go would come back to the socket that is closing. */
  async #drain(): Promise<void> {
    await this.stopListening();
    this.draining = true;
    for (const connection of this.#connections) connection.drain();
    this.#checkIdle();
    await this.#idle.promise;
  }

  #listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(
        { host, port, reusePort: true, exclusive: true, backlog: BACKLOG },
        () => {
          this.#server.off('error', reject);
          resolve();
        },
      );
    });
  }

  #accept(socket: net.Socket): void {
    this.#accepted++;
    if (this.#held === null) this.#serve(socket);
    else this.#held.push(socket);
  }

  #serve(socket: net.Socket): void {
    this.metrics.connections.add(1);
    if (this.#connections.size >= this.tables().client.connectionsMax) {
      this.metrics.connectionsRefused.add(1);
      this.deps.limits.connectionsMax.add(1);
      socket.resetAndDestroy();
      return;
    }
    const connection = Connection.accept(socket, NOBODY);
    const server = new ServerConnection(connection, this);
    connection.handler = server;
    this.#connections.add(server);
    this.metrics.connectionsActive.add(1);
  }

  /** Most often EMFILE: the process has no descriptor left. It goes on listening. */
  #acceptFailed({ code, message }: NodeJS.ErrnoException): void {
    const nowMs = this.deps.clock.now();
    if (nowMs - this.#reportedMs < REPORT_MS) return;
    this.#reportedMs = nowMs;
    const fields = { address: this.address, port: this.port, error: code ?? message };
    this.#log.write('error', 'cannot accept connections', fields);
  }

  #checkIdle(): void {
    if (this.draining && this.#connections.size === 0) this.#idle.resolve();
  }
}

/** Until the connection has its owner; nothing arrives before that. */
const NOBODY: ConnectionHandler = {
  connectionData: () => {},
  connectionOpen: () => {},
  connectionEnd: () => {},
  connectionWritable: () => {},
  connectionClosed: () => {},
};

function isNoIpv6(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL';
}
