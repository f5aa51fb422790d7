/** A filter whose hooks are given by a test; it writes down what it sees. */

import type {
  BodyBuffer,
  DataVerdict,
  FilterHost,
  HeadVerdict,
  HttpFilter,
  HttpFilterFactory,
  TrailersVerdict,
} from '../contract.ts';
import { DATA_CONTINUE, HEAD_CONTINUE, TRAILERS_CONTINUE } from '../contract.ts';
import { text } from './outlet.ts';

/** Hooks left out continue; `bare` leaves them out of the filter altogether. */
export interface Script {
  requestHead?: (host: FilterHost, end: boolean) => HeadVerdict;
  requestData?: (host: FilterHost, body: BodyBuffer, end: boolean) => DataVerdict;
  requestTrailers?: (host: FilterHost) => TrailersVerdict;
  responseHead?: (host: FilterHost, end: boolean) => HeadVerdict;
  responseData?: (host: FilterHost, body: BodyBuffer, end: boolean) => DataVerdict;
  responseTrailers?: (host: FilterHost) => TrailersVerdict;
  bare?: boolean;
}

export class Scripted implements HttpFilterFactory {
  readonly name: string;
  readonly seen: string[] = [];
  readonly #script: Script;
  readonly #hosts: FilterHost[] = [];
  completed = 0;
  opened = 0;

  constructor(name: string, script: Script = {}) {
    this.name = name;
    this.#script = script;
  }

  /** What the last filter opened was given. */
  get host(): FilterHost {
    const host = this.#hosts.at(-1);
    if (host === undefined) throw new Error(`${this.name} was not opened`);
    return host;
  }

  open(host: FilterHost): HttpFilter {
    this.#hosts.push(host);
    this.opened++;
    const script = this.#script;
    const see = (what: string, end: boolean): void => {
      this.seen.push(end ? `${what} end` : what);
    };
    const complete = (): void => {
      this.completed++;
    };
    if (script.bare === true) return { complete };
    return {
      requestHead: (_head, end) => {
        see('head', end);
        return script.requestHead?.(host, end) ?? HEAD_CONTINUE;
      },
      requestData: (body, end) => {
        see(`data ${text(body.bytes())}`, end);
        return script.requestData?.(host, body, end) ?? DATA_CONTINUE;
      },
      requestTrailers: (fields) => {
        see(`trailers ${fields.join()}`, false);
        return script.requestTrailers?.(host) ?? TRAILERS_CONTINUE;
      },
      responseHead: (head, end) => {
        see(`HEAD ${head.status}`, end);
        return script.responseHead?.(host, end) ?? HEAD_CONTINUE;
      },
      responseData: (body, end) => {
        see(`DATA ${text(body.bytes())}`, end);
        return script.responseData?.(host, body, end) ?? DATA_CONTINUE;
      },
      responseTrailers: (fields) => {
        see(`TRAILERS ${fields.join()}`, false);
        return script.responseTrailers?.(host) ?? TRAILERS_CONTINUE;
      },
      complete,
    };
  }

  retire(): void {}
}
