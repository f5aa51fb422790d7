/** A client that sends exactly the bytes it is told and reads answers strictly. */

import * as net from 'node:net';
import { fieldOf, Wire, type WireHead } from './wire.ts';

export interface Answer {
  readonly status: number;
  readonly head: WireHead;
  readonly body: string;
  readonly trailers: readonly string[];
  /** 1xx heads that came before it. */
  readonly informational: readonly WireHead[];
  field(name: string): string | undefined;
}

export class RawClient extends Wire {
  /** `half`: a FIN of the other side does not end ours. */
  static async connect(port: number, address = '127.0.0.1'): Promise<RawClient> {
    const socket = net.connect({ port, host: address, noDelay: true, allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawClient(socket);
  }

  /** Reads one answer to a request with `method`. */
  async answer(method = 'GET'): Promise<Answer> {
    const informational: WireHead[] = [];
    for (;;) {
      const head = await this.head();
      if (head === null) throw new Error(`closed (${await this.ended()}) without an answer`);
      const match = /^HTTP\/1\.1 (\d{3}) [^\r\n]*$/.exec(head.start);
      if (match === null) throw new Error(`bad status line: ${head.start}`);
      const status = Number(match[1]);
      if (status < 200) {
        informational.push(head);
        continue;
      }
      const bodyless = method === 'HEAD' || status === 204 || status === 304;
      const body = bodyless
        ? { bytes: Buffer.alloc(0), trailers: [] }
        : await this.body(head, fieldOf(head, 'connection') === 'close');
      return {
        status,
        head,
        body: body.bytes.toString('latin1'),
        trailers: body.trailers,
        informational,
        field: (name) => fieldOf(head, name),
      };
    }
  }

  /** Sends a request without a body and reads its answer. */
  async get(target = '/', fields = ''): Promise<Answer> {
    this.send(`GET ${target} HTTP/1.1\r\nhost: test\r\n${fields}\r\n`);
    return this.answer();
  }

  async post(body: string, fields = '', method = 'POST'): Promise<Answer> {
    const length = `content-length: ${body.length}\r\n`;
    this.send(`${method} / HTTP/1.1\r\nhost: test\r\n${length}${fields}\r\n${body}`);
    return this.answer();
  }

  /** Drops it without a word about what is unread. */
  close(): void {
    this.socket.destroy();
  }
}

/** One request on a connection of its own. */
export async function fetchOnce(port: number, target = '/', fields = ''): Promise<Answer> {
  const client = await RawClient.connect(port);
  try {
    return await client.get(target, `connection: close\r\n${fields}`);
  } finally {
    client.close();
  }
}
