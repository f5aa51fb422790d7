/** The exchange's place in tests of the connector: records events, drives the turns by hand. */

import { ManualClock } from '../../../../base/clock.ts';
import type { ErrorCode } from '../../../../base/errors.ts';
import type { CommandRequest, RunOutcome } from '../../../../runtime/service/command.ts';
import { MemoryLog } from '../../../../runtime/service/testing/harness.ts';
import type { OutputSink } from '../../../../runtime/wasi/stdio.ts';
import type { Fields, RequestHead, ResponseHead } from '../../../codec/head.ts';
import type { ClientStream, ClientStreamEvents } from '../../../codec/stream.ts';
import { isRefusal, type Refusal } from '../../connector.ts';
import { createWasmConnector, type RunnableService, type WasmConnector } from '../connector.ts';
import { GuestTurns } from '../turns.ts';

export interface Failure {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly reused: boolean;
}

/** One attempt as the exchange sees it. */
export class Attempt implements ClientStreamEvents {
  head: ResponseHead | null = null;
  body = '';
  chunks = 0;
  ended = false;
  failure: Failure | null = null;
  /** Called at each event, to act from inside it. */
  react: (event: 'head' | 'data') => void = () => {};
  stream: ClientStream | null = null;

  informational(): void {
    throw new Error('a CGI program sends no informational answer');
  }

  responseHead(head: ResponseHead, end: boolean): void {
    this.#live();
    this.head = head;
    this.ended = end;
    this.react('head');
  }

  responseData(chunk: Uint8Array, end: boolean): void {
    this.#live();
    this.body += Buffer.from(chunk).toString('latin1');
    this.chunks += 1;
    this.ended = end;
    this.react('data');
  }

  responseTrailers(_fields: Fields): void {
    throw new Error('a CGI program sends no trailers');
  }

  responseFailed(code: ErrorCode, detail: string, reused: boolean): void {
    this.#live();
    this.failure = { code, detail, reused };
  }

  upstreamWritable(): void {}

  #live(): void {
    if (this.ended || this.failure !== null) throw new Error('an event after the last one');
  }
}

export interface Sent {
  readonly method?: string;
  readonly target?: string;
  readonly fields?: Fields;
  /** Pieces of a body; absent: none. `null` at the end: not finished yet. */
  readonly body?: readonly (string | null)[];
  readonly bodyLength?: number;
}

export class Rig {
  readonly clock: ManualClock = new ManualClock();
  readonly log: MemoryLog = new MemoryLog();
  readonly connector: WasmConnector;
  readonly target: { upstreamAddress: string } = { upstreamAddress: '' };
  readonly #ticks: (() => void)[] = [];

  constructor(
    service: RunnableService | { readonly reason: string },
    limits: Partial<{ wallMs: number; concurrency: number; queue: number }> = {},
  ) {
    this.connector = createWasmConnector('shop/hello', service, {
      clock: this.clock,
      log: this.log,
      turns: new GuestTurns(this.clock, (tick) => this.#ticks.push(tick)),
      limits: { wallMs: 1000, concurrency: 4, queue: 100, ...limits },
    });
  }

  open(sent: Sent = {}): Attempt | Refusal {
    const attempt = new Attempt();
    const head: RequestHead = {
      method: sent.method ?? 'GET',
      scheme: 'http',
      authority: 'shop.example',
      target: sent.target ?? '/hello',
      version: 'HTTP/1.1',
      fields: sent.fields ?? [],
    };
    const { body } = sent;
    const options = {
      end: body === undefined,
      bodyLength: sent.bodyLength ?? -1,
      more: false,
      expectContinue: false,
      idleMs: 0,
      avoid: [],
    };
    const opened = this.connector.open(head, options, attempt, this.target);
    if (isRefusal(opened)) return opened;
    attempt.stream = opened;
    body?.forEach((piece, index) => {
      if (piece !== null) opened.writeData(Buffer.from(piece), index === body.length - 1);
    });
    return attempt;
  }

  /** Like {@link Rig.open} where a refusal is a failure of the test. */
  send(sent: Sent = {}): Attempt {
    const opened = this.open(sent);
    if (!(opened instanceof Attempt)) throw new Error(`refused: ${opened.code} ${opened.detail}`);
    return opened;
  }

  /** One tick of the event loop; false when none was asked for. */
  tick(): boolean {
    const tick = this.#ticks.shift();
    tick?.();
    return tick !== undefined;
  }

  /** Ticks until all is quiet. */
  settle(): void {
    while (this.tick());
  }
}

/** A service that prints what `print` returns. */
export class Scripted implements RunnableService {
  runs = 0;
  closed = false;
  readonly seen: CommandRequest[] = [];
  readonly #print: (request: CommandRequest) => string | RunOutcome;

  constructor(print: (request: CommandRequest) => string | RunOutcome) {
    this.#print = print;
  }

  run(request: CommandRequest, out: OutputSink): RunOutcome {
    this.runs += 1;
    this.seen.push(request);
    const printed = this.#print(request);
    if (typeof printed !== 'string') return printed;
    const bytes = Buffer.from(printed, 'latin1');
    out.write(bytes, 0, bytes.length);
    return { code: null, detail: '', exitCode: 0 };
  }

  close(): void {
    this.closed = true;
  }
}
