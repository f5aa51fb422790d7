/**
 * An upstream that keeps what it is sent. Each request names its case in `x-case`, and the case has
 * said beforehand how it is to be answered; a request of no case is answered with 200 and "hello".
 */

import { type BackendConnection, ok, RawBackend } from '../../integration/support/raw-backend.ts';
import { fieldOf } from '../../integration/support/wire.ts';
import { type ReadMessage, readRest } from './message.ts';

/** Answers a request. `request` resolves when the request has been read to its end. */
export type Answerer = (
  connection: BackendConnection,
  request: Promise<ReadMessage>,
) => Promise<void> | void;

const answerHello: Answerer = async (connection, request) => {
  await request;
  connection.send(ok('hello', 'x-from: backend\r\n'));
};

export class Recorder {
  readonly port: number;
  readonly #backend: RawBackend;
  readonly #requests = new Map<string, ReadMessage[]>();
  readonly #answers: Map<string, Answerer>;

  private constructor(backend: RawBackend, answers: Map<string, Answerer>) {
    this.#backend = backend;
    this.#answers = answers;
    this.port = backend.port;
  }

  static async listening(): Promise<Recorder> {
    const answers = new Map<string, Answerer>();
    const backend = await RawBackend.scripted((connection) => recorder.#serve(connection));
    const recorder: Recorder = new Recorder(backend, answers);
    return recorder;
  }

  answerWith(id: string, answerer: Answerer): void {
    this.#answers.set(id, answerer);
  }

  /** Requests of a case that have been read, cut ones too. */
  requests(id: string): readonly ReadMessage[] {
    return this.#requests.get(id) ?? [];
  }

  close(): void {
    this.#backend.close();
  }

  async #serve(connection: BackendConnection): Promise<void> {
    for (;;) {
      const head = await connection.requestHead();
      if (head === null) {
        connection.endSending();
        return;
      }
      const id = fieldOf(head, 'x-case') ?? '';
      const read = readRest(connection, head, false, false).then((message) => {
        const requests = this.#requests.get(id);
        if (requests === undefined) this.#requests.set(id, [message]);
        else requests.push(message);
        return message;
      });
      await (this.#answers.get(id) ?? answerHello)(connection, read);
      if ((await read).cut) return;
    }
  }
}
