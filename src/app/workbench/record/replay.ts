/**
 * Recorded requests through a filter again, maybe another version of it: what its callbacks give
 * back and what leaves it is compared with what was recorded.
 */

import { createHash } from 'node:crypto';
import type { Clock } from '../../../base/clock.ts';
import { type FilterRun, runFilter } from '../run-filter.ts';
import type { ExchangeScript, RequestScript, ResponseScript } from '../script.ts';
import { DEFAULT_RESPONSE } from '../script.ts';
import { type BytesText, bytesOf } from '../script-schema.ts';
import { joined } from '../scripted-callouts.ts';
import type { FilterSource } from '../workbench-filter.ts';
import {
  type Pairs,
  type RecordedBody,
  type RecordedRequest,
  type RecordedResponse,
  type Recording,
  recordedBytes,
  recordedFields,
} from './recording.ts';

export interface ReplayDifference {
  /** `request headers`, `callbacks`... */
  readonly what: string;
  readonly recorded: string;
  readonly replayed: string;
}

export interface Replayed {
  /** Of the recording in its file, from 1. */
  readonly line: number;
  readonly request: string;
  /** Why it was not replayed; '' where it was. */
  readonly skipped: string;
  readonly differences: readonly ReplayDifference[];
}

export function replay(
  module: WebAssembly.Module,
  source: FilterSource,
  { line, recording }: { readonly line: number; readonly recording: Recording },
  clock: Clock,
): Replayed {
  const { request } = recording;
  const name = request === null ? 'no request' : `${request.method} ${request.path}`;
  if (request === null) return { line, request: name, skipped: 'has no request', differences: [] };
  if (recording.truncated) {
    const skipped = 'is truncated: a body was above 64 KiB';
    return { line, request: name, skipped, differences: [] };
  }
  const script = scriptOf(recording, request);
  const run = runFilter(module, source, script, { clock, logLevel: 'off' });
  const pairs = comparisons(recording, run);
  const differences = pairs.filter(({ recorded, replayed }) => recorded !== replayed);
  return { line, request: name, skipped: '', differences };
}

/** Whether the filter has the configuration it was recorded with. */
export function sameConfiguration({ configuration }: FilterSource, recording: Recording): boolean {
  return createHash('sha256').update(configuration).digest('hex') === recording.configSha256;
}

function scriptOf(recording: Recording, request: RecordedRequest & RecordedBody): ExchangeScript {
  return {
    request: requestOf(request),
    response: recording.response === null ? DEFAULT_RESPONSE : responseOf(recording.response),
    callouts: recording.callouts.map(({ target, method, path, response }) => ({
      target,
      method,
      path,
      response: response === null ? null : responseOf(response),
      delayMs: 0,
      once: true,
    })),
    properties: new Map(
      Object.entries(recording.properties).map(([path, value]) => [path, propertyOf(value)]),
    ),
  };
}

const BASE64 = 'base64:';

function propertyOf(value: string): Uint8Array {
  return value.startsWith(BASE64)
    ? Buffer.from(value.slice(BASE64.length), 'base64')
    : Buffer.from(value);
}

function requestOf(source: RecordedRequest & RecordedBody): RequestScript {
  const { method, scheme, authority, path, headers } = source;
  const fields = headers.flat();
  return { method, scheme, authority, target: path, fields, ...bodyOf(source) };
}

function responseOf(source: RecordedResponse & RecordedBody): ResponseScript {
  return { status: source.status, fields: source.headers.flat(), ...bodyOf(source) };
}

function bodyOf({ chunks, trailers }: RecordedBody) {
  return { chunks: chunks.map(bytesOf), trailers: trailers === null ? null : trailers.flat() };
}

function comparisons(recording: Recording, run: FilterRun): ReplayDifference[] {
  const { sent, answered, localReply } = recording;
  const { request, response } = run;
  const failed = run.verdict === 'failed' ? run.reason : null;
  const pair = (what: string, recorded: unknown, replayed: unknown): ReplayDifference => ({
    what,
    recorded: shown(recorded),
    replayed: shown(replayed),
  });
  const own = run.verdict === 'answered' ? run.localReply : null;
  return [
    pair('callbacks', recording.callbacks.map(callbackText), replayedCallbacks(run)),
    pair('failure', recording.failure, failed),
    pair('local reply', localReply, own),
    pair(
      'request',
      sent === null ? null : [sent.method, sent.authority, sent.path],
      request === null ? null : [request.method, request.authority, request.target],
    ),
    pair('request headers', headersText(sent?.headers), headersOf(request?.fields)),
    pair(
      'request body',
      wholeBody(sent?.chunks),
      wholeBody(request === null ? [] : [request.body]),
    ),
    ...(recording.failure !== null || failed !== null
      ? []
      : [
          pair('response status', answered?.status, response?.status),
          pair('response headers', headersText(answered?.headers), headersOf(response?.fields)),
          pair(
            'response body',
            wholeBody(answered?.chunks),
            wholeBody(response === null ? [] : [response.body]),
          ),
        ]),
  ];
}

function callbackText({
  name,
  result,
}: {
  readonly name: string;
  readonly result: string;
}): string {
  return `${name} = ${result}`;
}

/** Those of the request's context, and answers to calls, which come to the root. */
function replayedCallbacks(run: FilterRun): string[] {
  const texts: string[] = [];
  for (const event of run.events) {
    if (event.event !== 'return' && event.event !== 'trap') continue;
    if (event.context < 2 && !/^proxy_on_(?:http_call|grpc)/.test(event.name)) continue;
    const result = event.event === 'trap' ? 'trap' : (event.action ?? 'done');
    texts.push(callbackText({ name: event.name, result }));
  }
  return texts;
}

function headersText(headers: Pairs | undefined): string[] {
  return (headers ?? []).map(([name, value]) => `${name}: ${value}`);
}

function headersOf(fields: string[] | undefined): string[] {
  return headersText(recordedFields(fields ?? []));
}

function wholeBody(chunks: readonly (BytesText | Uint8Array)[] | undefined): BytesText {
  const bytes = (chunks ?? []).map((one) => (one instanceof Uint8Array ? one : bytesOf(one)));
  return recordedBytes(joined(bytes));
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join('\n');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
