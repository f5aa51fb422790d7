/**
 * One client connection of the open loop: connecting > idle > busy > idle ... It reconnects by itself
 * until closed. Reads land in one buffer shared by all connections (their bytes are consumed before
 * the callback returns), so a steady load allocates close to nothing per answer.
 */

import { connect, type Socket } from 'node:net';
import type { Clock } from '../../src/base/clock.ts';
import { AnswerReader } from './answer-reader.ts';

export type LoadOutcome = 'ok' | (string & {});

export interface LoadOwner {
  readonly clock: Clock;
  readonly plan: { readonly port: number; readonly requestsPerConnection: number };
  readonly requestBytes: Buffer;
  onIdle(connection: LoadConnection): void;
  onLost(connection: LoadConnection): void;
  onOutcome(outcome: LoadOutcome, dueMs: number): void;
  onConnectFailure(reason: string): void;
}

const RECONNECT_DELAY_MS = 5;
const shared = Buffer.allocUnsafeSlow(256 * 1024);

export class LoadConnection {
  readonly #owner: LoadOwner;
  readonly #reader = new AnswerReader();
  #socket: Socket | null = null;
  #connected = false;
  #busy = false;
  #closed = false;
  #answers = 0;
  #dueMs = 0;

  constructor(owner: LoadOwner) {
    this.#owner = owner;
    this.#open();
  }

  /** The connection must be idle. */
  send(dueMs: number): void {
    this.#busy = true;
    this.#dueMs = dueMs;
    this.#reader.reset();
    this.#socket?.write(this.#owner.requestBytes);
  }

  /** Fails the request in flight when it was due before `lastDueMs`. */
  expire(lastDueMs: number): void {
    if (this.#busy && this.#dueMs < lastDueMs) this.#replace('timeout');
  }

  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }

  #open(): void {
    this.#answers = 0;
    this.#connected = false;
    const socket: Socket = connect({
      host: '127.0.0.1',
      port: this.#owner.plan.port,
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (length, buffer): boolean => this.#take(socket, length, buffer),
      },
    });
    this.#socket = socket;
    socket.once('connect', () => {
      this.#connected = true;
      if (socket === this.#socket && !this.#closed) this.#owner.onIdle(this);
    });
    let code = 'closed';
    socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code ?? 'error';
    });
    socket.once('close', () => this.#lost(socket, code));
  }

  #take(socket: Socket, length: number, buffer: Uint8Array): boolean {
    if (socket !== this.#socket) return false;
    if (!this.#busy) {
      this.#replace(null); // bytes nobody asked for: the next request must not meet them
      return false;
    }
    const state = this.#reader.read(buffer as Buffer, length);
    if (state === 'more') return true;
    if (state === 'bad') {
      this.#replace('malformed answer');
      return false;
    }
    this.#answers++;
    const { status, keepAlive } = this.#reader;
    const outcome = status >= 200 && status < 300 ? 'ok' : `status ${status}`;
    const limit = this.#owner.plan.requestsPerConnection;
    if (!keepAlive || (limit > 0 && this.#answers >= limit)) {
      this.#replace(outcome);
      return false;
    }
    this.#busy = false;
    this.#owner.onOutcome(outcome, this.#dueMs);
    this.#owner.onIdle(this);
    return true;
  }

  /** The peer closed or the connection broke. Without a request in flight that is the peer's right. */
  #lost(socket: Socket, code: string): void {
    if (socket !== this.#socket || this.#closed) return;
    if (!this.#connected) {
      this.#owner.onConnectFailure(`connect: ${code}`);
      this.#socket = null;
      setTimeout(() => {
        if (!this.#closed) this.#open();
      }, RECONNECT_DELAY_MS);
      return;
    }
    const stage = this.#reader.status === 0 ? 'before the answer' : 'within the answer';
    this.#replace(this.#busy ? `${code} ${stage}` : null);
  }

  /** Leaves this socket for a new one; `outcome` settles the request in flight, if there is one. */
  #replace(outcome: LoadOutcome | null): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.destroy();
    this.#owner.onLost(this);
    if (this.#busy) {
      this.#busy = false;
      this.#owner.onOutcome(outcome ?? 'closed', this.#dueMs);
    }
    if (!this.#closed) this.#open();
  }
}
