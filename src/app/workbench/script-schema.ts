/**
 * Scripts as people write them in YAML: the shape, a schema that refuses what is not part of it,
 * and the way to {@link ExchangeScript}.
 */

import { Buffer } from 'node:buffer';
import { int, oneOf, text } from '../../control/schema/scalars.ts';
import {
  isRecord,
  list,
  mapOf,
  object,
  required,
  type Schema,
  wrongType,
} from '../../control/schema/schema.ts';
import type { Fields } from '../../data/codec/head.ts';
import {
  type CalloutScript,
  DEFAULT_REQUEST,
  DEFAULT_RESPONSE,
  type RequestScript,
  type ResponseScript,
} from './script.ts';

export type Scalar = string | number | boolean;
export type HeadersText = Readonly<Record<string, Scalar | readonly Scalar[]>>;
export type BytesText = Scalar | { readonly base64: string };

interface MessageText {
  readonly headers?: HeadersText;
  readonly body?: BytesText;
  readonly chunks?: readonly BytesText[];
  readonly trailers?: HeadersText;
}

export interface RequestText extends MessageText {
  readonly method?: string;
  readonly scheme?: 'http' | 'https';
  readonly authority?: string;
  readonly path?: string;
}

export interface ResponseText extends MessageText {
  readonly status?: number;
}

export interface CalloutText {
  readonly target?: string;
  readonly match?: { readonly method?: string; readonly path?: string };
  readonly response?: ResponseText;
  readonly fails?: boolean;
  readonly delayMs?: number;
}

export type PropertiesText = Readonly<Record<string, Scalar>>;

/** Text, number or boolean. */
export const scalar: Schema = (value, inspection) => {
  if (['string', 'number', 'boolean'].includes(typeof value)) return;
  wrongType(value, 'text', 'Write one text here.', inspection);
};

export const flag: Schema = (value, inspection) => {
  if (typeof value === 'boolean') return;
  wrongType(value, 'true or false', 'Write true or false.', inspection);
};

const BASE64 = {
  what: 'base64',
  remedy: 'Write base64, such as aGVsbG8=.',
  lengthMax: 64 * 1024 * 1024,
  matches: (value: string) => /^[A-Za-z0-9+/]*={0,2}$/.test(value),
};
const base64 = object<{ base64: string }>({ base64: required(text(BASE64)) });

const bytes: Schema = (value, inspection) => {
  (isRecord(value) ? base64 : scalar)(value, inspection);
};

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const manyScalars = list(scalar);
const headerValues = mapOf((value, inspection) => {
  (Array.isArray(value) ? manyScalars : scalar)(value, inspection);
});

const headers: Schema = (value, inspection) => {
  headerValues(value, inspection);
  if (!isRecord(value)) return;
  for (const name of Object.keys(value)) {
    if (TOKEN.test(name)) continue;
    const remedy = 'Pseudo-fields have keys of their own: method, path, authority, status.';
    inspection.errorAt([name], 'bad-format', 'is not the name of a header', remedy);
  }
};

const oneBody = (value: MessageText, inspection: Parameters<Schema>[1]): void => {
  if (value.body === undefined || value.chunks === undefined) return;
  inspection.errorAt(['chunks'], 'conflict', '"chunks" does not go with "body"', 'Keep one.');
};

const requestFields = {
  method: text(),
  scheme: oneOf('http', 'https'),
  authority: text(),
  path: text(),
  headers,
  body: bytes,
  chunks: list(bytes),
  trailers: headers,
};

export const requestSchema: Schema = object<RequestText>(requestFields, oneBody);

export const responseSchema: Schema = object<ResponseText>(
  { status: int(100, 599), headers, body: bytes, chunks: list(bytes), trailers: headers },
  oneBody,
);

export const calloutsSchema: Schema = list(
  object<CalloutText>({
    target: text(),
    match: object<NonNullable<CalloutText['match']>>({ method: text(), path: text() }),
    response: responseSchema,
    fails: flag,
    delayMs: int(0),
  }),
);

export const propertiesSchema: Schema = mapOf(scalar);

/** A request, and what goes with it, in one document. */
export interface RequestFile extends RequestText {
  readonly response?: ResponseText;
  readonly callouts?: readonly CalloutText[];
  readonly properties?: PropertiesText;
}

export const requestFileSchema: Schema = object<RequestFile>(
  {
    ...requestFields,
    response: responseSchema,
    callouts: calloutsSchema,
    properties: propertiesSchema,
  },
  oneBody,
);

export function requestOf(source: RequestText | undefined): RequestScript {
  if (source === undefined) return DEFAULT_REQUEST;
  const chunks = chunksOf(source);
  return {
    method: source.method ?? (chunks.length > 0 ? 'POST' : 'GET'),
    scheme: source.scheme ?? 'http',
    authority: source.authority ?? DEFAULT_REQUEST.authority,
    target: source.path ?? '/',
    fields: framed(fieldsOf(source.headers), source, chunks),
    chunks,
    trailers: source.trailers === undefined ? null : fieldsOf(source.trailers),
  };
}

export function responseOf(source: ResponseText | undefined): ResponseScript {
  if (source === undefined) return DEFAULT_RESPONSE;
  const chunks = chunksOf(source);
  return {
    status: source.status ?? 200,
    fields: framed(fieldsOf(source.headers), source, chunks),
    chunks,
    trailers: source.trailers === undefined ? null : fieldsOf(source.trailers),
  };
}

export function calloutOf(source: CalloutText): CalloutScript {
  return {
    target: source.target ?? null,
    method: source.match?.method ?? null,
    path: source.match?.path ?? null,
    response: source.fails === true ? null : responseOf(source.response ?? { status: 200 }),
    delayMs: source.delayMs ?? 0,
  };
}

export function bytesOf(source: BytesText): Uint8Array {
  return typeof source === 'object'
    ? Buffer.from(source.base64, 'base64')
    : Buffer.from(String(source));
}

function chunksOf(source: MessageText): readonly Uint8Array[] {
  if (source.chunks !== undefined) return source.chunks.map(bytesOf);
  return source.body === undefined ? [] : [bytesOf(source.body)];
}

/** A body given whole has a length, as clients and backends send it; chunks have none. */
function framed(fields: Fields, source: MessageText, chunks: readonly Uint8Array[]): Fields {
  if (source.body === undefined || source.trailers !== undefined) return fields;
  if (fields.includes('content-length') || fields.includes('transfer-encoding')) return fields;
  return [...fields, 'content-length', String(chunks[0]?.length ?? 0)];
}

/** Values as they travel: one char a byte. */
function fieldsOf(source: HeadersText | undefined): Fields {
  const fields: Fields = [];
  for (const [name, value] of Object.entries(source ?? {})) {
    const values = Array.isArray(value) ? (value as readonly Scalar[]) : [value as Scalar];
    for (const one of values) {
      fields.push(name.toLowerCase(), Buffer.from(String(one)).toString('latin1').trim());
    }
  }
  return fields;
}
