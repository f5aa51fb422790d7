/** Node's own HTTP server (llhttp), strict, as a second reader of what Tulle sends. */

import * as http from 'node:http';
import * as net from 'node:net';
import { byCode, comparable, type Peer, type Reading, type Verdict } from './reading.ts';

/** Longer than any parse takes: a parser that waits for more has found another end. */
const STUCK_MS = 3_000;

interface Session {
  readonly readings: Reading[];
  refused: string;
}

export class NodePeer implements Peer {
  readonly name = 'node';
  readonly #server: http.Server;
  readonly #sessions = new Map<number, Session>();
  #port = 0;

  private constructor() {
    const options = { maxHeaderSize: 256 * 1024, insecureHTTPParser: false };
    this.#server = http.createServer(options, (request, response) => {
      this.#request(request, response);
    });
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: net.Socket) => {
      const session = this.#sessions.get(socket.remotePort ?? 0);
      if (session !== undefined) session.refused = error.code ?? error.message;
      socket.destroy();
    });
  }

  static async start(): Promise<NodePeer> {
    const peer = new NodePeer();
    await new Promise<void>((resolve) => peer.#server.listen(0, '127.0.0.1', resolve));
    peer.#port = (peer.#server.address() as net.AddressInfo).port;
    return peer;
  }

  parse(bytes: string): Promise<Verdict> {
    const session: Session = { readings: [], refused: '' };
    return new Promise((resolve) => {
      const socket = net.connect(this.#port, '127.0.0.1');
      const timer = setTimeout(() => {
        session.refused = 'waits for more';
        socket.destroy();
      }, STUCK_MS);
      socket.on('connect', () => {
        const key = socket.localPort as number;
        this.#sessions.set(key, session);
        socket.write(bytes, 'latin1');
        socket.on('close', () => {
          clearTimeout(timer);
          this.#sessions.delete(key);
          resolve(session);
        });
      });
      socket.on('error', () => {});
      socket.resume();
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #request(request: http.IncomingMessage, response: http.ServerResponse): void {
    const session = this.#sessions.get(request.socket.remotePort ?? 0);
    let body = '';
    request.setEncoding('latin1');
    request.on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      session?.readings.push(readingOf(request, body));
      response.end();
    });
  }
}

function readingOf(request: http.IncomingMessage, body: string): Reading {
  const fields = pairs(request.rawHeaders);
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    host: request.headers.host ?? '',
    fields: comparable(fields),
    chunked: fields.includes('transfer-encoding: chunked'),
    body,
    trailers: pairs(request.rawTrailers).sort(byCode),
  };
}

function pairs(raw: readonly string[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i < raw.length; i += 2)
    lines.push(`${(raw[i] as string).toLowerCase()}: ${raw[i + 1]}`);
  return lines;
}
