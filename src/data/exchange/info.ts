/** The facts of one request that log, metrics and filters read: the exchange's own fields. */

import type { Clock } from '../../base/clock.ts';
import type { FilterState } from '../../observe/filter-state.ts';
import type { StreamInfo } from '../../observe/stream-info.ts';
import type { Fields, RequestHead } from '../codec/head.ts';

export interface Peer {
  readonly remoteName: string;
  readonly localName: string;
  /** Of this worker's client connections, from 1. */
  readonly connectionId: number;
}

const NO_FIELDS: Fields = [];

export class ExchangeInfo implements StreamInfo {
  readonly request: RequestHead;
  readonly startWallMs: number;
  readonly startMs: number;
  readonly method: string;
  readonly originalTarget: string;
  readonly authority: string;
  readonly protocol: string;
  requestId = '';
  responseFields: Fields = NO_FIELDS;
  status = 0;
  statusDetails = '';
  responseFlags = '';
  requestBodyBytes = 0;
  responseBodyBytes = 0;
  requestHeadBytes = 0;
  responseHeadBytes = 0;
  requestEndMs = -1;
  responseStartMs = -1;
  endMs = -1;
  upstreamAddress = '';
  listenerName = '';
  routeName = '';
  clusterName = '';
  attempts = 0;
  filterState: FilterState | null = null;
  readonly #peer: Peer;

  constructor(request: RequestHead, peer: Peer, clock: Clock) {
    this.request = request;
    this.#peer = peer;
    this.startWallMs = clock.wall();
    this.startMs = clock.now();
    this.method = request.method;
    this.originalTarget = request.target;
    this.authority = request.authority;
    this.protocol = request.version;
  }

  get requestFields(): Fields {
    return this.request.fields;
  }

  get connectionId(): number {
    return this.#peer.connectionId;
  }

  get downstreamRemoteAddress(): string {
    return this.#peer.remoteName;
  }

  get downstreamLocalAddress(): string {
    return this.#peer.localName;
  }
}
