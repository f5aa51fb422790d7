/**
 * The upstream that is no network: requests go to a Wasm service of this process. A request has its
 * body collected, waits for a turn (turns.ts), runs to its end on this thread, and is answered.
 *
 * Admission: a service has at most `concurrency + queue` requests in hand; beyond that they are
 * refused at once. One that waited for its turn longer than the service's wall time is failed
 * without a run: its client has given up or soon will. What bodies and unread answers may hold
 * together is bounded as well.
 */

import type { Clock } from '../../../base/clock.ts';
import { LIMITS } from '../../../base/limits.ts';
import type { Log } from '../../../base/log.ts';
import type { ServiceLimits } from '../../../config/wasm.ts';
import { isCgiProblem, parseCgiAnswer } from '../../../runtime/service/cgi-answer.ts';
import { cgiEnvironment } from '../../../runtime/service/cgi-request.ts';
import type { CommandRequest, RunOutcome } from '../../../runtime/service/command.ts';
import { OutputBuffer } from '../../../runtime/service/output.ts';
import type { OutputSink } from '../../../runtime/wasi/stdio.ts';
import type { RequestHead } from '../../codec/head.ts';
import type { ClientStream, ClientStreamEvents } from '../../codec/stream.ts';
import type { AttemptOptions, AttemptTarget, Refusal, UpstreamConnector } from '../connector.ts';
import { cgiRequestOf, hasBody, responseHeadOf } from './message.ts';
import { type StreamOwner, WasmStream } from './stream.ts';
import type { GuestTurns, TurnTaker } from './turns.ts';

/** `CommandService`, as far as it is needed here. */
export interface RunnableService {
  run(request: CommandRequest, out: OutputSink): RunOutcome;
  close(): void;
}

export interface WasmConnectorDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** One a worker, shared by its services. */
  readonly turns: GuestTurns;
  readonly limits: Pick<ServiceLimits, 'wallMs' | 'concurrency' | 'queue'>;
}

/**
 * `service`: what runs, or the reason why it could not be loaded (then every attempt is refused
 * with `service_unavailable`). The connector closes the service once it is retired and idle.
 */
export function createWasmConnector(
  serviceName: string,
  service: RunnableService | { readonly reason: string },
  deps: WasmConnectorDeps,
): WasmConnector {
  return new WasmConnector(serviceName, service, deps);
}

export class WasmConnector implements UpstreamConnector, StreamOwner, TurnTaker {
  readonly #name: string;
  readonly #address: string;
  readonly #service: RunnableService | null;
  readonly #unavailable: Refusal | null;
  readonly #deps: WasmConnectorDeps;
  readonly #output = new OutputBuffer(LIMITS.guestOutputBytesMax);
  /** Streams with something to do, in order; those cancelled meanwhile are stepped over. */
  #ready: WasmStream[] = [];
  #inLine = false;
  #inHand = 0;
  #heldBytes = 0;
  #retired = false;
  #closed = false;

  constructor(
    name: string,
    service: RunnableService | { readonly reason: string },
    deps: WasmConnectorDeps,
  ) {
    this.#name = name;
    this.#address = `wasm://${name}`;
    this.#service = 'run' in service ? service : null;
    this.#unavailable =
      'reason' in service ? { code: 'service_unavailable', detail: service.reason } : null;
    this.#deps = deps;
  }

  /** Requests in hand: collecting, waiting, running, answering. */
  get inHand(): number {
    return this.#inHand;
  }

  open(
    head: RequestHead,
    options: AttemptOptions,
    events: ClientStreamEvents,
    target: AttemptTarget,
  ): ClientStream | Refusal {
    if (this.#unavailable !== null) return this.#unavailable;
    if (this.#retired) return { code: 'service_unavailable', detail: 'the service is retired' };
    const { concurrency, queue } = this.#deps.limits;
    if (this.#inHand >= concurrency + queue) {
      return { code: 'service_limit', detail: `${this.#inHand} requests are in hand` };
    }
    if (options.bodyLength > LIMITS.guestBodyBytesMax) {
      const detail = `a Wasm service takes at most ${LIMITS.guestBodyBytesMax} bytes`;
      return { code: 'request_body_too_large', detail };
    }
    target.upstreamAddress = this.#address;
    this.#inHand += 1;
    const stream = new WasmStream(this, head, options, events);
    if (options.end) stream.finish();
    return stream;
  }

  retire(): void {
    this.#retired = true;
    this.#closeIfIdle();
  }

  #closeIfIdle(): void {
    if (!this.#retired || this.#closed || this.#inHand > 0) return;
    this.#closed = true;
    this.#service?.close();
  }

  hold(bytes: number): boolean {
    if (this.#heldBytes + bytes > LIMITS.guestHeldBytesMax) return false;
    this.#heldBytes += bytes;
    return true;
  }

  letGo(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  ready(stream: WasmStream): void {
    if (!stream.answering) stream.waitingSinceMs = this.#deps.clock.now();
    this.#ready.push(stream);
    if (this.#inLine) return;
    this.#inLine = true;
    this.#deps.turns.join(this);
  }

  ended(_stream: WasmStream): void {
    this.#inHand -= 1;
    this.#closeIfIdle();
  }

  get waiting(): boolean {
    return this.#inLine;
  }

  takeTurn(): void {
    const stream = this.#ready.shift();
    try {
      if (stream !== undefined && !stream.over) this.#serve(stream);
    } finally {
      this.#inLine = this.#ready.length > 0;
    }
  }

  #serve(stream: WasmStream): void {
    if (stream.answering) stream.deliver();
    else if (!stream.takeFailure()) this.#runGuest(stream);
  }

  #runGuest(stream: WasmStream): void {
    const { clock, limits } = this.#deps;
    const waitedMs = clock.now() - stream.waitingSinceMs;
    if (waitedMs > limits.wallMs) {
      stream.fail('service_timeout', `waited ${Math.round(waitedMs)} ms for its turn`);
      return;
    }
    const body = stream.takeBody();
    const env = cgiEnvironment(cgiRequestOf(stream.head, body === null ? -1 : body.length));
    const output = this.#output;
    const outcome = (this.#service as RunnableService).run({ env, stdin: body }, output);
    try {
      if (outcome.code === null) this.#answer(stream, outcome.exitCode);
      else stream.fail(outcome.code, outcome.detail);
    } finally {
      output.clear();
    }
  }

  #answer(stream: WasmStream, exitCode: number): void {
    const written = this.#output.written;
    const answer = parseCgiAnswer(written);
    const exited = exitCode === 0 ? '' : ` (exit code ${exitCode})`;
    if (isCgiProblem(answer)) {
      stream.fail('service_answer', `${answer.problem}${exited}`);
      return;
    }
    if (exitCode !== 0) {
      this.#deps.log.write('warn', `service answered and failed${exited}`, { service: this.#name });
    }
    const { method } = stream.head;
    const body = written.subarray(answer.bodyAt);
    const head = responseHeadOf(answer, method, body.length);
    stream.answer(head, hasBody(method, answer.status) ? body : body.subarray(body.length));
  }
}
