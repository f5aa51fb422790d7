/**
 * A request as CGI/1.1 meta-variables (RFC 3875 section 4.1). Everything is a byte string, one char
 * a byte. The service is the whole application, so SCRIPT_NAME is empty and PATH_INFO is the path.
 *
 * Fields become HTTP_*, except those that could lie about another: a name with an underscore would
 * read like one with a hyphen, and `Proxy` would become HTTP_PROXY, which HTTP client libraries
 * obey ("httpoxy"). Connection-level fields are the proxy's own business.
 */

import type { ByteString } from '../wasi/strings.ts';

export interface CgiRequest {
  readonly method: string;
  readonly scheme: string;
  /** Host and optional port. */
  readonly authority: string;
  /** Path and query as received. */
  readonly target: string;
  readonly version: string;
  /** name, value, name, value...; names lower case. */
  readonly fields: readonly string[];
  /** '' when unknown. */
  readonly remoteAddress: string;
  /** -1: no body. */
  readonly bodyBytes: number;
}

const SERVER_SOFTWARE = 'SERVER_SOFTWARE=tulle';

/** Never handed over, or handed over under another name. */
const SKIPPED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const PLAIN_NAME = /^[a-z0-9-]+$/;

/** Field name to `HTTP_NAME=`, '' for one that is not handed over. Few names make up all traffic. */
const variables = new Map<string, string>();
const VARIABLES_MAX = 512;

function variableOf(name: string): string {
  let variable = variables.get(name);
  if (variable === undefined) {
    if (variables.size >= VARIABLES_MAX) variables.clear();
    const passed = PLAIN_NAME.test(name) && !SKIPPED.has(name);
    variable = passed ? `HTTP_${name.toUpperCase().replaceAll('-', '_')}=` : '';
    variables.set(name, variable);
  }
  return variable;
}

/** `NAME=value`, in no particular order. */
export function cgiEnvironment(request: CgiRequest): ByteString[] {
  const { target, authority } = request;
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const colon = portColon(authority);
  const env = [
    'GATEWAY_INTERFACE=CGI/1.1',
    SERVER_SOFTWARE,
    'SCRIPT_NAME=',
    `REQUEST_METHOD=${request.method}`,
    `PATH_INFO=${path === '*' ? '' : decodePath(path)}`,
    `QUERY_STRING=${mark < 0 ? '' : target.slice(mark + 1)}`,
    `REQUEST_URI=${target}`,
    `REQUEST_SCHEME=${request.scheme}`,
    `SERVER_NAME=${(colon < 0 ? authority : authority.slice(0, colon)) || 'localhost'}`,
    `SERVER_PORT=${colon < 0 ? defaultPort(request.scheme) : authority.slice(colon + 1)}`,
    `SERVER_PROTOCOL=${request.version}`,
    `REMOTE_ADDR=${request.remoteAddress}`,
  ];
  if (request.scheme === 'https') env.push('HTTPS=on');
  if (request.bodyBytes >= 0) env.push(`CONTENT_LENGTH=${request.bodyBytes}`);
  if (authority !== '') env.push(`HTTP_HOST=${authority}`);
  addFields(env, request.fields);
  return env;
}

const defaultPort = (scheme: string): string => (scheme === 'https' ? '443' : '80');

/** The colon before a port; -1 without one. `[::1]` has colons of its own. */
function portColon(authority: string): number {
  const colon = authority.lastIndexOf(':');
  return colon > authority.lastIndexOf(']') && colon < authority.length - 1 ? colon : -1;
}

function addFields(env: string[], fields: readonly string[]): void {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const variable = name === 'content-type' ? 'CONTENT_TYPE=' : variableOf(name);
    if (variable === '' || comesBefore(fields, name, i)) continue;
    let value = fields[i + 1] as string;
    // Cookies are the one field whose lines are not joined by a comma (RFC 9113 section 8.2.3).
    const separator = name === 'cookie' ? '; ' : ', ';
    for (let j = i + 2; j < fields.length; j += 2) {
      if (fields[j] === name) value += separator + fields[j + 1];
    }
    env.push(variable + value);
  }
}

function comesBefore(fields: readonly string[], name: string, end: number): boolean {
  for (let i = 0; i < end; i += 2) {
    if (fields[i] === name) return true;
  }
  return false;
}

const ESCAPE = /%([0-9a-fA-F]{2})/g;

/** Percent-decoded to bytes; `%00`, which no environment can hold, and broken escapes stay as they are. */
export function decodePath(path: string): ByteString {
  if (!path.includes('%')) return path;
  return path.replace(ESCAPE, (escape, digits: string) =>
    digits === '00' ? escape : String.fromCharCode(Number.parseInt(digits, 16)),
  );
}
