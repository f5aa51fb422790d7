/**
 * One TCP connection as a byte stream, the same for clients and backends.
 *
 * All connections of a thread read into one buffer: a chunk is borrowed, gone when the handler
 * returns, so an idle connection costs no read buffer and a request no allocation for it. Node
 * offers this (`onread`) for outgoing sockets only; an accepted one is therefore wrapped anew
 * around its handle, the one place that touches a private field. Measured: 17 instead of 25 us of
 * CPU for a proxied request, against `data` events.
 *
 * Writes: text goes as latin1, which the kernel takes at once or Node copies, so it is always safe
 * to reuse the read buffer behind it. Short bodies take the same way. Long ones are copied, into a
 * buffer that serves again where the kernel takes it at once, the usual case: a large body leaves
 * no garbage.
 */

import * as net from 'node:net';
import { latin1 } from '../../base/latin1.ts';
import { LIMITS } from '../../base/limits.ts';

export interface ConnectionHandler {
  /** `chunk[0, length)` is borrowed. */
  connectionData(chunk: Buffer, length: number): void;
  /** An outgoing connection is established. */
  connectionOpen(): void;
  /** The other side will send no more. */
  connectionEnd(): void;
  /** Unsent bytes have gone after a write returned false, or after {@link Connection.end}. */
  connectionWritable(): void;
  /** Once, last. `error` is a system code such as ECONNRESET, '' for an orderly close. */
  connectionClosed(error: string): void;
}

/** Node's handle of an accepted socket, to be wrapped again. */
interface SocketWithHandle {
  _handle: unknown;
}

const READ_BYTES = 64 * 1024;
/** Above it a string would be put on the heap before it is sent; a copy of the bytes is cheaper. */
const TEXT_BYTES_MAX = 16_000;

/** Around a chunk: a held head, a chunk line, the last chunk. */
const FRAMING_BYTES = 16 * 1024;

const readBuffer: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);
/** Nothing in it is still to be sent. */
let writeBuffer: Buffer = Buffer.allocUnsafeSlow(READ_BYTES + FRAMING_BYTES);

export class Connection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  #handler: ConnectionHandler;
  readonly #socket: net.Socket;
  #error = '';
  #closed = false;
  #paused = false;

  private constructor(socket: net.Socket, handler: ConnectionHandler, remote: RemoteAddress) {
    this.#socket = socket;
    this.#handler = handler;
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
    this.localAddress = socket.localAddress ?? '';
    this.localPort = socket.localPort ?? 0;
    socket.on('end', () => this.#handler.connectionEnd());
    socket.on('drain', () => this.#handler.connectionWritable());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error = error.code ?? 'EIO';
    });
    socket.on('close', () => this.#close());
  }

  /** Takes over a socket that a server accepted with `pauseOnConnect`. */
  static accept(accepted: net.Socket, handler: ConnectionHandler): Connection {
    const remote = { address: accepted.remoteAddress ?? '', port: accepted.remotePort ?? 0 };
    const owner = accepted as unknown as SocketWithHandle;
    const handle = owner._handle;
    owner._handle = null;
    let connection: Connection | null = null;
    const socket = new net.Socket({
      handle,
      allowHalfOpen: true,
      writableHighWaterMark: LIMITS.highWatermarkBytes,
      onread: {
        buffer: readBuffer,
        callback: (length: number) => {
          (connection as Connection).#handler.connectionData(readBuffer, length);
          return true;
        },
      },
    } as net.SocketConstructorOpts);
    connection = new Connection(socket, handler, remote);
    return connection;
  }

  /** Starts to connect; the outcome is `connectionOpen` or `connectionClosed`. */
  static connect(address: string, port: number, handler: ConnectionHandler): Connection {
    let connection: Connection | null = null;
    const socket = new OutgoingSocket({
      allowHalfOpen: true,
      writableHighWaterMark: LIMITS.highWatermarkBytes,
      onread: {
        buffer: readBuffer,
        callback: (length: number) => {
          (connection as Connection).#handler.connectionData(readBuffer, length);
          return true;
        },
      },
    } as net.SocketConstructorOpts);
    socket.once('connect', () => (connection as Connection).#handler.connectionOpen());
    socket.setNoDelay(true);
    socket.connect({ host: address, port });
    connection = new Connection(socket, handler, { address, port });
    return connection;
  }

  set handler(handler: ConnectionHandler) {
    this.#handler = handler;
  }

  /** Nothing more can be sent. */
  get closed(): boolean {
    return this.#closed || this.#socket.destroyed || this.#socket.errored !== null;
  }

  /** Bytes not yet taken by the kernel. */
  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  /** Sends latin1 text. False: above the high watermark. */
  write(text: string): boolean {
    return this.#socket.write(text, 'latin1');
  }

  /** Sends `before`, `chunk` (borrowed), `after`, in as few writes as that takes. */
  writeAround(before: string, chunk: Uint8Array, after: string): boolean {
    const length = chunk.length;
    if (before.length + length + after.length <= TEXT_BYTES_MAX) {
      const body = length === 0 ? '' : latin1(chunk, 0, length);
      return this.#socket.write(before + body + after, 'latin1');
    }
    const size = before.length + length + after.length;
    const shared = size <= writeBuffer.length;
    const copy = shared ? writeBuffer.subarray(0, size) : Buffer.allocUnsafe(size);
    copy.write(before, 0, 'latin1');
    copy.set(chunk, before.length);
    copy.write(after, before.length + length, 'latin1');
    const writable = this.#socket.write(copy);
    if (shared && this.#socket.writableLength > 0) {
      writeBuffer = Buffer.allocUnsafeSlow(READ_BYTES + FRAMING_BYTES);
    }
    return writable;
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  /** Sends what is queued, then FIN. */
  end(): void {
    this.#socket.end((error?: Error | null) => {
      if (error === undefined || error === null) this.#handler.connectionWritable();
    });
  }

  /** Drops the connection and what is queued. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Drops it with RST, so that the other side cannot take what it has for the whole. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handler.connectionClosed(this.#error);
  }
}

/**
 * A server may answer and close while it is still being sent to. The write that fails of it must not
 * drop the answer that has arrived but is not yet read: after it, reading goes on to its own end.
 */
class OutgoingSocket extends net.Socket {
  #ended = false;
  #writeError: Error | undefined;

  override destroy(error?: NodeJS.ErrnoException): this {
    if (error?.syscall !== 'write' || this.#ended) return super.destroy(error);
    this.#writeError = error;
    return this;
  }

  /** With `onread` nothing but the end comes here; Node would not tell it of a socket with an error. */
  override push(chunk: unknown): boolean {
    if (chunk === null) {
      this.#ended = true;
      if (this.#writeError !== undefined) super.destroy(this.#writeError);
    }
    return super.push(chunk);
  }
}

interface RemoteAddress {
  readonly address: string;
  readonly port: number;
}
