/**
 * Heads and chunks to text (latin1, one char one byte). What is written is built from the parsed
 * head, never copied: exactly one framing, no field of another hop, no control character. A filter
 * may have put anything into the fields, so names and values are checked again where they were not
 * parsed here: see {@link sanitizeFields}.
 */

import type { Fields, RequestHead, ResponseHead } from '../head.ts';
import { isFieldName, isFieldValue } from './syntax.ts';

/** Body length for a head: bytes, or one of these. */
export const LENGTH_NONE = -3;
export const LENGTH_CHUNKED = -1;
export const LENGTH_UNTIL_CLOSE = -2;

/**
 * A request head in origin form. `bodyLength`: bytes, {@link LENGTH_CHUNKED} or
 * {@link LENGTH_NONE} (no framing field: methods without a body).
 */
export function requestHeadText(
  head: RequestHead,
  bodyLength: number,
  expectContinue: boolean,
): string {
  let text = `${head.method} ${head.target} HTTP/1.1\r\nhost: ${head.authority}\r\n`;
  const fields = head.fields;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (name.length === 14 && name === 'content-length') continue;
    text += `${name}: ${fields[i + 1]}\r\n`;
  }
  if (bodyLength >= 0) text += `content-length: ${bodyLength}\r\n`;
  else if (bodyLength === LENGTH_CHUNKED) text += 'transfer-encoding: chunked\r\n';
  if (expectContinue) text += 'expect: 100-continue\r\n';
  return `${text}\r\n`;
}

/** `connection`: '' or a Connection value to send. */
export function responseHeadText(
  head: ResponseHead,
  bodyLength: number,
  connection: string,
): string {
  let text = statusLine(head.status);
  const fields = head.fields;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (name.length === 14 && name === 'content-length') continue;
    text += `${name}: ${fields[i + 1]}\r\n`;
  }
  if (bodyLength >= 0) text += `content-length: ${bodyLength}\r\n`;
  else if (bodyLength === LENGTH_CHUNKED) text += 'transfer-encoding: chunked\r\n';
  if (connection !== '') text += `connection: ${connection}\r\n`;
  return `${text}\r\n`;
}

/** `size` in hexadecimal and CRLF. */
export function chunkStart(size: number): string {
  return `${size.toString(16)}\r\n`;
}

/** The end of a chunked body, with trailers if any. */
export function chunkedEnd(trailers: Fields): string {
  let text = '0\r\n';
  for (let i = 0; i < trailers.length; i += 2) {
    // RFC 9110 6.5.1: a filter may have put it here; a second framing is never written.
    if (trailers[i] !== 'content-length') text += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
  }
  return `${text}\r\n`;
}

/** Fields that belong to a hop or to framing: no filter or guest may write them into a message. */
const OF_THE_HOP = new Set([
  'connection',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Takes out fields that a filter or guest may not set and those that are no valid field lines, and
 * puts names in lower case; returns how many went. After it the head can be written.
 */
export function sanitizeFields(fields: Fields): number {
  let kept = 0;
  for (let i = 0; i < fields.length; i += 2) {
    if (!isFieldName(fields[i] as string)) continue;
    const name = (fields[i] as string).toLowerCase();
    const value = fields[i + 1] as string;
    if (OF_THE_HOP.has(name) || !isFieldValue(value)) continue;
    fields[kept] = name;
    fields[kept + 1] = value;
    kept += 2;
  }
  const dropped = (fields.length - kept) / 2;
  fields.length = kept;
  return dropped;
}

const REASONS: Readonly<Record<number, string>> = {
  100: 'Continue',
  102: 'Processing',
  103: 'Early Hints',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  203: 'Non-Authoritative Information',
  204: 'No Content',
  205: 'Reset Content',
  206: 'Partial Content',
  207: 'Multi-Status',
  208: 'Already Reported',
  226: 'IM Used',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  305: 'Use Proxy',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  417: 'Expectation Failed',
  418: "I'm a Teapot",
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  423: 'Locked',
  424: 'Failed Dependency',
  425: 'Too Early',
  426: 'Upgrade Required',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  451: 'Unavailable For Legal Reasons',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  506: 'Variant Also Negotiates',
  507: 'Insufficient Storage',
  508: 'Loop Detected',
  510: 'Not Extended',
  511: 'Network Authentication Required',
};

const STATUS_LINES: string[] = Array.from(
  { length: 600 },
  (_, status) => `HTTP/1.1 ${status} ${REASONS[status] ?? ''}\r\n`,
);

function statusLine(status: number): string {
  return STATUS_LINES[status] ?? `HTTP/1.1 ${status} \r\n`;
}
