/**
 * One request at one filter, as a line of JSON: what came to the filter, what it asked for, what its
 * callbacks gave back and what left it. Values that are secrets are not in it.
 */

import { Buffer } from 'node:buffer';
import type { Fields, RequestHead, ResponseHead } from '../../../data/codec/head.ts';
import { pairsOf } from '../guest-values.ts';
import type { BytesText } from '../script-schema.ts';

export type Pairs = readonly (readonly [string, string])[];

export interface RecordedRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly path: string;
  readonly headers: Pairs;
}

export interface RecordedResponse {
  readonly status: number;
  readonly headers: Pairs;
}

export interface RecordedBody {
  readonly chunks: readonly BytesText[];
  readonly trailers: Pairs | null;
}

export interface RecordedCallout {
  readonly target: string;
  readonly method: string;
  readonly path: string;
  /** Null: none came. */
  readonly response: (RecordedResponse & RecordedBody) | null;
}

export interface RecordedCallback {
  readonly name: string;
  readonly result: string;
  readonly us: number;
}

/** `version` rises where readers of old records would go wrong. */
export interface Recording {
  readonly version: 1;
  readonly filter: string;
  /** Of its configuration, which may be secret. */
  readonly configSha256: string;
  readonly timeMs: number;
  /** A body was too long: what follows its first 64 KiB is missing. */
  readonly truncated: boolean;
  readonly request: (RecordedRequest & RecordedBody) | null;
  readonly response: (RecordedResponse & RecordedBody) | null;
  readonly callouts: readonly RecordedCallout[];
  readonly properties: Readonly<Record<string, string>>;
  readonly callbacks: readonly RecordedCallback[];
  /** As they left the filter; null: they did not. */
  readonly sent: (RecordedRequest & RecordedBody) | null;
  readonly answered: (RecordedResponse & RecordedBody) | null;
  readonly localReply: { readonly status: number; readonly details: string } | null;
  readonly failure: string | null;
}

export const RECORDING_VERSION = 1;

const REDACTED = '(redacted)';
const SECRETS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
]);

export function recordedFields(fields: Fields): Pairs {
  return pairsOf(fields).map(([name, value]) => [name, SECRETS.has(name) ? REDACTED : value]);
}

export function recordedRequest(head: RequestHead): RecordedRequest {
  const { method, scheme, authority, target, fields } = head;
  return { method, scheme, authority, path: target, headers: recordedFields(fields) };
}

export function recordedResponse(head: ResponseHead): RecordedResponse {
  return { status: head.status, headers: recordedFields(head.fields) };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function recordedBytes(bytes: Uint8Array): BytesText {
  try {
    return utf8.decode(bytes);
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') };
  }
}
