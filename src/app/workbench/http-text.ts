/**
 * Plain HTTP/1.1 messages in files: a start line, fields, an empty line, and everything behind it is
 * the body. Lines may end without CR, as editors write them; nothing is chunked.
 */

import type { Fields } from '../../data/codec/head.ts';
import { DEFAULT_REQUEST, type RequestScript, type ResponseScript } from './script.ts';

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/;
const STATUS_LINE = /^HTTP\/\d(?:\.\d)? ([1-5]\d\d)(?: .*)?$/;
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/;

/** Why a text is no message. */
export interface TextProblem {
  /** From 1. */
  readonly line: number;
  readonly problem: string;
}

/** Whether a text begins as a message of HTTP does; the alternative is YAML. */
export function looksLikeHttp(text: string): boolean {
  const first = firstLine(text);
  return STATUS_LINE.test(first) || /^[A-Z]+ \S+ HTTP\/\d/.test(first);
}

export function parseRequestText(bytes: Buffer): RequestScript | TextProblem {
  const message = split(bytes);
  if ('problem' in message) return message;
  const match = REQUEST_LINE.exec(message.start);
  if (match === null) {
    return { line: 1, problem: 'is no request line: write one such as GET /path HTTP/1.1' };
  }
  const host = take(message.fields, 'host');
  const [, method = 'GET', target = '/'] = match;
  const absolute = /^(https?):\/\/([^/?#]+)(.*)$/.exec(target);
  return {
    method,
    scheme: absolute?.[1] === 'https' ? 'https' : 'http',
    authority: absolute?.[2] ?? host ?? DEFAULT_REQUEST.authority,
    target: absolute === null ? target : absolute[3] || '/',
    fields: message.fields,
    chunks: message.body.length === 0 ? [] : [message.body],
    trailers: null,
  };
}

export function parseResponseText(bytes: Buffer): ResponseScript | TextProblem {
  const message = split(bytes);
  if ('problem' in message) return message;
  const match = STATUS_LINE.exec(message.start);
  if (match === null) {
    return { line: 1, problem: 'is no status line: write one such as HTTP/1.1 200 OK' };
  }
  return {
    status: Number(match[1]),
    fields: message.fields,
    chunks: message.body.length === 0 ? [] : [message.body],
    trailers: null,
  };
}

interface Message {
  readonly start: string;
  readonly fields: Fields;
  readonly body: Buffer;
}

function split(bytes: Buffer): Message | TextProblem {
  const fields: Fields = [];
  const start = lineAt(bytes, 0);
  let at = start.next;
  for (let number = 2; at < bytes.length; number++) {
    const line = lineAt(bytes, at);
    at = line.next;
    if (line.text === '') break;
    const field = FIELD.exec(line.text);
    if (field === null) {
      return {
        line: number,
        problem: 'is no field: write "name: value", or an empty line before the body',
      };
    }
    fields.push((field[1] as string).toLowerCase(), field[2] as string);
  }
  return { start: start.text, fields, body: bytes.subarray(at) };
}

function lineAt(bytes: Buffer, at: number): { readonly text: string; readonly next: number } {
  const end = bytes.indexOf(0x0a, at);
  const stop = end === -1 ? bytes.length : end;
  const text = bytes.toString('latin1', at, stop).replace(/\r$/, '');
  return { text, next: end === -1 ? bytes.length : end + 1 };
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] as string).replace(/\r$/, '');
}

/** The first value of a field, which is taken out. */
function take(fields: Fields, name: string): string | undefined {
  const at = fields.findIndex((text, i) => i % 2 === 0 && text === name);
  return at === -1 ? undefined : fields.splice(at, 2)[1];
}
