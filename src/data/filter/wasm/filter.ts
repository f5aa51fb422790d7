/**
 * One request as a stream context of a Wasm filter: the chain's hooks become callbacks of the
 * guest, and what the callbacks give back becomes verdicts.
 *
 * A head the guest pauses is held with everything behind it: body callbacks begin once it is let
 * go. A plugin may say that its guest means the head alone: then body callbacks go on, and the head
 * leaves when one of them, or one for trailers, lets things pass. Paused body bytes are kept, and
 * each later callback sees all of them.
 */

import type { GuestFunction } from '../../../runtime/proxy-wasm/exports.ts';
import type { Plugin } from '../../../runtime/proxy-wasm/plugin.ts';
import {
  ACTION_CONTINUE,
  ACTION_CONTINUE_AND_END,
  ACTION_STOP,
} from '../../../runtime/proxy-wasm/status.ts';
import type { Vm } from '../../../runtime/proxy-wasm/vm.ts';
import type { Fields, RequestHead, ResponseHead } from '../../codec/head.ts';
import type {
  BodyBuffer,
  DataVerdict,
  FilterHost,
  HeadVerdict,
  HttpFilter,
  TrailersVerdict,
} from '../contract.ts';
import {
  DATA_CONTINUE,
  DATA_STOP_BUFFER,
  DATA_STOP_NO_BUFFER,
  DATA_STOP_WATERMARK,
  HEAD_CONTINUE,
  HEAD_STOP,
  HEAD_STOP_ALL,
  TRAILERS_CONTINUE,
  TRAILERS_STOP,
} from '../contract.ts';
import type { Message } from './message.ts';
import { REQUEST_PSEUDO_FIELDS, RESPONSE_PSEUDO_FIELDS } from './pseudo-fields.ts';
import { StreamPort } from './stream-port.ts';

/** By what a body callback gives; anything more counts as the last. */
const DATA_VERDICTS: readonly DataVerdict[] = [
  DATA_CONTINUE,
  DATA_STOP_BUFFER,
  DATA_STOP_WATERMARK,
  DATA_STOP_NO_BUFFER,
];

export class WasmHttpFilter extends StreamPort implements HttpFilter {
  readonly #plugin: Plugin;
  /** The end of the answer has been here. */
  #answerSeen = false;

  constructor(vm: Vm, plugin: Plugin, host: FilterHost) {
    super(vm, host);
    this.#plugin = plugin;
    plugin.streamStarted();
  }

  requestHead(head: RequestHead, end: boolean): HeadVerdict {
    const message = this.requestMessage;
    message.headHere = true;
    this.vm.createStream(this);
    if (!this.created && !this.vm.dead) {
      this.host.fail('filter_failed', 'the filter has as many streams as it may');
      return HEAD_STOP_ALL;
    }
    const count = head.fields.length / 2 + REQUEST_PSEUDO_FIELDS;
    const action = this.vm.run(this, this.vm.exports.requestHeaders, this.id, count, end ? 1 : 0);
    return this.#head(message, action);
  }

  responseHead(head: ResponseHead, end: boolean): HeadVerdict {
    if (!this.created) return HEAD_CONTINUE;
    const message = this.responseMessage;
    message.headHere = true;
    this.#answerSeen = end;
    const count = head.fields.length / 2 + RESPONSE_PSEUDO_FIELDS;
    const action = this.vm.run(this, this.vm.exports.responseHeaders, this.id, count, end ? 1 : 0);
    return this.#head(message, action);
  }

  requestData(body: BodyBuffer, end: boolean): DataVerdict {
    if (!this.created) return DATA_CONTINUE;
    return this.#data(this.requestMessage, this.vm.exports.requestBody, body, end);
  }

  responseData(body: BodyBuffer, end: boolean): DataVerdict {
    if (!this.created) return DATA_CONTINUE;
    this.#answerSeen = end;
    return this.#data(this.responseMessage, this.vm.exports.responseBody, body, end);
  }

  requestTrailers(fields: Fields): TrailersVerdict {
    if (!this.created) return TRAILERS_CONTINUE;
    return this.#trailers(this.requestMessage, this.vm.exports.requestTrailers, fields);
  }

  responseTrailers(fields: Fields): TrailersVerdict {
    if (!this.created) return TRAILERS_CONTINUE;
    this.#answerSeen = true;
    return this.#trailers(this.responseMessage, this.vm.exports.responseTrailers, fields);
  }

  /** A request that another filter answered before it came here is a context of the guest only now. */
  log(): void {
    this.#answerSeen = true;
    this.requestMessage.letGo();
    this.responseMessage.letGo();
    if (!this.created && !this.vm.dead) this.vm.createStream(this);
    this.vm.logStream(this);
  }

  complete(): void {
    this.vm.endStream(this);
    this.#plugin.streamEnded();
  }

  /** An exchange the guest has nothing left to do for but its log goes on. */
  override vmDied(): void {
    super.vmDied();
    const finished = this.#answerSeen && !this.responseMessage.waits;
    this.requestMessage.letGo();
    this.responseMessage.letGo();
    if (!finished) this.host.fail('filter_failed', 'wasm_fail_stream');
  }

  /** Envoy makes "continue and end the stream" a plain "continue". */
  #head(message: Message, action: number): HeadVerdict {
    if (action === ACTION_CONTINUE || action === ACTION_CONTINUE_AND_END) {
      message.headHere = false;
      return HEAD_CONTINUE;
    }
    return action === ACTION_STOP && this.#plugin.spec.headersStopIteration
      ? HEAD_STOP
      : HEAD_STOP_ALL;
  }

  #data(message: Message, fn: GuestFunction | null, body: BodyBuffer, end: boolean): DataVerdict {
    message.body = body;
    message.ended = end;
    const action = this.vm.run(this, fn, this.id, body.length, end ? 1 : 0);
    const verdict = DATA_VERDICTS[Math.min(action >>> 0, DATA_STOP_NO_BUFFER)] ?? DATA_CONTINUE;
    if (verdict === DATA_CONTINUE || verdict === DATA_STOP_NO_BUFFER) message.body = null;
    // A body callback may let a paused head go, too.
    if (verdict === DATA_CONTINUE) message.headHere = false;
    return verdict;
  }

  /** A guest without this callback that holds the body goes on holding it. */
  #trailers(message: Message, fn: GuestFunction | null, fields: Fields): TrailersVerdict {
    if (fn === null) return message.waits ? TRAILERS_STOP : TRAILERS_CONTINUE;
    message.trailersHere = true;
    const action = this.vm.run(this, fn, this.id, fields.length / 2);
    if (action !== ACTION_CONTINUE) return TRAILERS_STOP;
    message.letGo();
    return TRAILERS_CONTINUE;
  }
}
