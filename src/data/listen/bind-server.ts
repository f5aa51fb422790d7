/**
 * One socket address in one worker: accepts connections and keeps count of them. Every worker
 * listens on the same address with SO_REUSEPORT, so the kernel spreads connections and a worker
 * that is gone takes none of the others' with it.
 */

import * as net from 'node:net';
import { LIMITS } from '../../base/limits.ts';
import { Connection, type ConnectionHandler } from '../connection/connection.ts';
import { ServerConnection } from '../exchange/server-connection.ts';
import type { ServerContext } from '../exchange/server-context.ts';

const BACKLOG = 4_096;

export interface BindServerOptions {
  readonly address: string;
  readonly port: number;
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
  readonly #server: net.Server;
  readonly #connections = new Set<ServerConnection>();
  #drained: (() => void) | null = null;

  constructor(options: BindServerOptions) {
    this.address = options.address;
    this.port = options.port;
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
    this.#server.on('error', () => {});
  }

  /** Accepts no more; what is open is served to its end, idle connections after a moment. */
  drain(): Promise<void> {
    if (!this.draining) {
      this.draining = true;
      // Right behind the poll for new connections: the queue of those not yet accepted is empty.
      setImmediate(() => this.#server.close());
      for (const connection of this.#connections) connection.drain();
    }
    return new Promise((resolve) => {
      this.#drained = resolve;
      this.#checkDrained();
    });
  }

  /** Cuts what is still open. */
  destroy(): void {
    this.#server.close();
    for (const connection of this.#connections) connection.destroy();
  }

  connectionClosed(connection: ServerConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.metrics.connectionsActive.add(-1);
    this.#checkDrained();
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
    if (this.draining) server.drain();
  }

  #checkDrained(): void {
    if (this.draining && this.#connections.size === 0) this.#drained?.();
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
