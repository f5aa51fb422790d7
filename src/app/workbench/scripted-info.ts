/** What filters may know of a scripted request beyond its messages. */

import type { ResponseHead } from '../../data/codec/head.ts';
import type { FilterState } from '../../observe/filter-state.ts';
import type { StreamInfo } from '../../observe/stream-info.ts';
import type { JumpingClock } from './clock.ts';
import type { RequestScript } from './script.ts';

export class ScriptedInfo implements StreamInfo {
  readonly startWallMs: number;
  readonly startMs: number;
  readonly method: string;
  readonly originalTarget: string;
  readonly authority: string;
  readonly protocol = 'HTTP/1.1';
  readonly requestId = '00000000-0000-4000-8000-000000000000';
  readonly requestFields: readonly string[];
  responseFields: readonly string[] = [];
  status = 0;
  statusDetails = '';
  responseFlags = '';
  requestBodyBytes = 0;
  responseBodyBytes = 0;
  readonly requestHeadBytes: number;
  responseHeadBytes = 0;
  requestEndMs = -1;
  responseStartMs = -1;
  endMs = -1;
  readonly connectionId = 1;
  filterState: FilterState | null = null;
  readonly downstreamRemoteAddress = '127.0.0.1:40000';
  readonly downstreamLocalAddress = '127.0.0.1:8080';
  upstreamAddress = '';
  readonly listenerName = 'workbench';
  readonly routeName = 'workbench';
  readonly clusterName = 'workbench';
  attempts = 0;
  readonly #clock: JumpingClock;

  constructor(request: RequestScript, fields: readonly string[], clock: JumpingClock) {
    this.#clock = clock;
    this.startWallMs = clock.wall();
    this.startMs = clock.now();
    this.method = request.method;
    this.originalTarget = request.target;
    this.authority = request.authority;
    this.requestFields = fields;
    this.requestHeadBytes = headBytes(request.method.length + request.target.length, fields);
  }

  backendAnswered(head: ResponseHead): void {
    this.status = head.status;
    this.statusDetails = 'via_upstream';
    this.responseFields = head.fields;
    this.responseHeadBytes = headBytes(3, head.fields);
    this.upstreamAddress = '127.0.0.1:9000';
    this.attempts = 1;
    this.requestEndMs = this.responseStartMs = this.#clock.now() - this.startMs;
  }

  end(): void {
    this.endMs = this.#clock.now() - this.startMs;
  }
}

/** As on an HTTP/1.1 connection. */
function headBytes(startLine: number, fields: readonly string[]): number {
  return fields.reduce((sum, text) => sum + text.length + 2, startLine + 14);
}
