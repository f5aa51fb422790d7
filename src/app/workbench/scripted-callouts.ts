/** Answers a filter's calls as the script has it. A target the script does not name is unknown. */

import type { Scheduler } from '../../base/scheduler.ts';
import type {
  CalloutHandle,
  CalloutRefusal,
  CalloutRequest,
  CalloutResponse,
  Callouts,
  GrpcEvents,
  GrpcHandle,
  GrpcRequest,
} from '../../runtime/proxy-wasm/callouts.ts';
import { bytesText } from './guest-values.ts';
import type { CalloutScript, ResponseScript } from './script.ts';
import type { TraceSink } from './trace.ts';

export class ScriptedCallouts implements Callouts {
  readonly #scripts: CalloutScript[];
  readonly #scheduler: Scheduler;
  readonly #sink: TraceSink;

  constructor(scripts: readonly CalloutScript[], scheduler: Scheduler, sink: TraceSink) {
    this.#scripts = scripts.slice();
    this.#scheduler = scheduler;
    this.#sink = sink;
  }

  http(
    request: CalloutRequest,
    done: (response: CalloutResponse | null) => void,
  ): CalloutHandle | CalloutRefusal {
    const method = valueOf(request.fields, ':method');
    const path = valueOf(request.fields, ':path');
    const script = this.#find(request.target, method, path);
    if (script === null) return 'unknown';
    const { response } = script;
    const isLate = request.timeoutMs > 0 && script.delayMs >= request.timeoutMs;
    const waitMs = isLate ? request.timeoutMs : script.delayMs;
    const timer = this.#scheduler.setTimeout(() => {
      const answer = isLate ? null : response;
      const detail = answer === null ? 'none' : `${answer.status} from ${request.target}`;
      this.#sink({ event: 'stream', what: 'callout answer', detail });
      done(answer === null ? null : answerOf(answer));
    }, waitMs);
    return { cancel: () => this.#scheduler.clear(timer) };
  }

  /** The body is the message, `grpc-status` and `grpc-message` of the head or trailers the outcome. */
  grpc(request: GrpcRequest, events: GrpcEvents): GrpcHandle | CalloutRefusal {
    const path = `/${request.service}/${request.method}`;
    const script = this.#find(request.target, 'POST', path);
    if (script === null) return 'unknown';
    const timer = this.#scheduler.setTimeout(
      () => giveGrpc(script.response, events),
      script.delayMs,
    );
    const sent = (message: Uint8Array, end: boolean): void => {
      const detail = `${bytesText(message)}${end ? ' (end)' : ''}`;
      this.#sink({ event: 'stream', what: 'grpc message out', detail });
    };
    return { cancel: () => this.#scheduler.clear(timer), send: sent, end: () => {} };
  }

  #find(target: string, method: string, path: string): CalloutScript | null {
    const at = this.#scripts.findIndex(
      (script) =>
        (script.target ?? target) === target &&
        (script.method ?? method) === method &&
        (script.path ?? path) === path,
    );
    const found = this.#scripts[at];
    if (found?.once === true) this.#scripts.splice(at, 1);
    return found ?? null;
  }
}

function valueOf(fields: readonly string[], name: string): string {
  const at = fields.indexOf(name);
  return at === -1 ? '' : (fields[at + 1] ?? '');
}

function answerOf(response: ResponseScript): CalloutResponse {
  return {
    fields: [':status', String(response.status), ...response.fields],
    body: joined(response.chunks),
    trailers: response.trailers?.slice() ?? [],
  };
}

function giveGrpc(response: ResponseScript | null, events: GrpcEvents): void {
  if (response === null) {
    events.close(14, 'no answer');
    return;
  }
  const trailers = response.trailers ?? [];
  const all = [...trailers, ...response.fields];
  events.initialMetadata(response.fields.slice());
  for (const chunk of response.chunks) events.message(chunk);
  events.trailingMetadata(trailers.slice());
  events.close(Number(valueOf(all, 'grpc-status') || 0), valueOf(all, 'grpc-message'));
}

/** One array of their own for all bytes. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(chunks);
}
