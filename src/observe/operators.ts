/**
 * Envoy's command operators over a StreamInfo. What did not happen is `-`, as in Envoy. Operators
 * of things that Tulle does not have are refused, never printed empty.
 *
 * Not quite Envoy's: `%REQ(:PATH)%` is the path as received even after a rewrite (so is
 * `x-envoy-original-path`, which therefore need not be asked for), and quotes, backslashes and
 * bytes outside printable ASCII are escaped as `\xHH`.
 */

import { hostname } from 'node:os';
import { suggestion } from '../base/did-you-mean.ts';
import { latin1 } from '../base/latin1.ts';
import { textEscape } from './escape.ts';
import type { FormatError } from './format-error.ts';
import type { StreamInfo } from './stream-info.ts';
import { compileTimeFormat, ISO_TIME, type TimeFormat } from './time-format.ts';

export type Operator = (info: StreamInfo) => string;

const ABSENT = '-';

/** What an operator does with the text in its brackets; `plain` ones take none. */
type Maker = (argument: string | undefined) => Operator | FormatError;

const text = (read: (info: StreamInfo) => string): Operator => {
  return (info) => textEscape(read(info)) || ABSENT;
};
const count = (read: (info: StreamInfo) => number): Operator => {
  return (info) => `${read(info)}`;
};
const durationMs = (read: (info: StreamInfo) => number): Operator => {
  return (info) => {
    const ms = read(info);
    return ms < 0 ? ABSENT : `${Math.round(ms)}`;
  };
};

const PLAIN: Readonly<Record<string, Operator>> = {
  PROTOCOL: text((info) => info.protocol),
  RESPONSE_CODE: count((info) => info.status),
  RESPONSE_CODE_DETAILS: text((info) => info.statusDetails),
  RESPONSE_FLAGS: text((info) => info.responseFlags),
  BYTES_RECEIVED: count((info) => info.requestBodyBytes),
  BYTES_SENT: count((info) => info.responseBodyBytes),
  REQUEST_HEADERS_BYTES: count((info) => info.requestHeadBytes),
  RESPONSE_HEADERS_BYTES: count((info) => info.responseHeadBytes),
  DURATION: durationMs((info) => info.endMs),
  REQUEST_DURATION: durationMs((info) => info.requestEndMs),
  RESPONSE_DURATION: durationMs((info) => info.responseStartMs),
  RESPONSE_TX_DURATION: durationMs((info) =>
    info.responseStartMs < 0 ? -1 : info.endMs - info.responseStartMs,
  ),
  UPSTREAM_HOST: text((info) => info.upstreamAddress),
  UPSTREAM_REMOTE_ADDRESS: text((info) => info.upstreamAddress),
  UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: text((info) => addressPart(info.upstreamAddress)),
  UPSTREAM_REMOTE_PORT: text((info) => portPart(info.upstreamAddress)),
  UPSTREAM_CLUSTER: text((info) => info.clusterName),
  UPSTREAM_REQUEST_ATTEMPT_COUNT: count((info) => info.attempts),
  ROUTE_NAME: text((info) => info.routeName),
  LISTENER_NAME: text((info) => info.listenerName),
  DOWNSTREAM_REMOTE_ADDRESS: text((info) => info.downstreamRemoteAddress),
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: text((info) => addressPart(info.downstreamRemoteAddress)),
  DOWNSTREAM_REMOTE_PORT: text((info) => portPart(info.downstreamRemoteAddress)),
  DOWNSTREAM_LOCAL_ADDRESS: text((info) => info.downstreamLocalAddress),
  DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: text((info) => addressPart(info.downstreamLocalAddress)),
  DOWNSTREAM_LOCAL_PORT: text((info) => portPart(info.downstreamLocalAddress)),
  REQ_WITHOUT_QUERY: text((info) => withoutQuery(info.originalTarget)),
  STREAM_ID: text((info) => info.requestId),
};

const MAKERS: Readonly<Record<string, Maker>> = {
  START_TIME: (argument) => {
    const format = compileTimeFormat(argument ?? ISO_TIME);
    return typeof format === 'function' ? startTime(format) : format;
  },
  HOSTNAME: (argument) => {
    if (argument !== undefined) return takesNone('HOSTNAME');
    const name = textEscape(hostname());
    return () => name;
  },
  FILTER_STATE: filterState,
  REQ: (argument) => fieldOperator('REQ', argument, requestField),
  RESP: (argument) => fieldOperator('RESP', argument, responseField),
  REQ_WITHOUT_QUERY: (argument) => {
    if (argument === undefined) return PLAIN['REQ_WITHOUT_QUERY'] as Operator;
    const read = fieldOperator('REQ_WITHOUT_QUERY', argument, requestField);
    return typeof read === 'function' ? (info) => withoutQuery(read(info)) : read;
  },
};

/** The operator of a name, or why there is none. */
export function makeOperator(name: string, argument: string | undefined): Operator | FormatError {
  const maker = Object.hasOwn(MAKERS, name) ? MAKERS[name] : undefined;
  if (maker !== undefined) return maker(argument);
  const plain = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined;
  if (plain === undefined) {
    const known = [...Object.keys(MAKERS), ...Object.keys(PLAIN)];
    const near = suggestion(name, known);
    return { error: `unknown operator %${name}%${near || `; there are ${known.join(' ')}`}` };
  }
  return argument === undefined ? plain : takesNone(name);
}

function takesNone(name: string): FormatError {
  return { error: `the operator %${name}% takes no argument` };
}

function startTime(format: TimeFormat): Operator {
  return (info) => textEscape(format(info.startWallMs));
}

/** `KEY` or `KEY:PLAIN`: the value as it is, whatever its type; what a Wasm filter sets under k is `wasm.k`. */
function filterState(argument: string | undefined): Operator | FormatError {
  const key = (argument ?? '').replace(/:PLAIN$/, '');
  if (key === '') return { error: '%FILTER_STATE(KEY)% takes the key of a value, as in wasm.user' };
  return (info) => {
    const value = info.filterState?.get(key);
    return value === undefined ? ABSENT : textEscape(latin1(value, 0, value.length)) || ABSENT;
  };
}

type FieldReader = (info: StreamInfo, name: string) => string | undefined;

const FIELD_NAME = /^:?[A-Za-z0-9!#$&'*+.^_`|~-]+$/;
const PSEUDO_FIELDS = [':method', ':path', ':authority', ':status'];

/** `X` or `X?Y`: the field X, or Y where X is absent. */
function fieldOperator(
  operator: string,
  argument: string | undefined,
  read: FieldReader,
): Operator | FormatError {
  const names = (argument ?? '').toLowerCase().split('?');
  const first = names[0] as string;
  const second = names[1] ?? '';
  if (names.length > 2 || !FIELD_NAME.test(first) || (second !== '' && !FIELD_NAME.test(second))) {
    return { error: `%${operator}(...)% takes a field name, or two as in %${operator}(X?Y)%` };
  }
  for (const name of names) {
    if (name.startsWith(':') && !PSEUDO_FIELDS.includes(name)) {
      const near = suggestion(name, PSEUDO_FIELDS) || `; there are ${PSEUDO_FIELDS.join(' ')}`;
      return { error: `unknown field "${name}" in %${operator}(...)%${near}` };
    }
  }
  return (info) => {
    const value = read(info, first) ?? (second === '' ? undefined : read(info, second));
    return value === undefined || value === '' ? ABSENT : textEscape(value);
  };
}

function requestField(info: StreamInfo, name: string): string | undefined {
  if (name === ':method') return info.method;
  if (name === ':path' || name === 'x-envoy-original-path') return info.originalTarget;
  if (name === ':authority') return info.authority;
  if (name === 'x-request-id') return info.requestId;
  return joinedField(info.requestFields, name);
}

function responseField(info: StreamInfo, name: string): string | undefined {
  if (name === ':status') return info.status === 0 ? undefined : `${info.status}`;
  return joinedField(info.responseFields, name);
}

function joinedField(fields: readonly string[], name: string): string | undefined {
  let joined: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== name) continue;
    joined = joined === undefined ? fields[i + 1] : `${joined},${fields[i + 1]}`;
  }
  return joined;
}

function withoutQuery(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/** `1.2.3.4:80` and `[::1]:80` without port and brackets. */
function addressPart(address: string): string {
  const colon = address.lastIndexOf(':');
  if (colon === -1) return address;
  const host = address.slice(0, colon);
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

function portPart(address: string): string {
  const colon = address.lastIndexOf(':');
  return colon === -1 ? '' : address.slice(colon + 1);
}
