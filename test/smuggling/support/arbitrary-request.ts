/** Random valid requests, with what a backend must see of each, and random damage to them. */

import * as fc from 'fast-check';
import type { Reading } from '../peers/reading.ts';
import { byCode } from '../peers/reading.ts';

export interface GeneratedRequest {
  /** latin1. */
  readonly bytes: string;
  /** Without the fields Tulle adds. */
  readonly seen: Reading;
}

/** Those that llhttp knows: it refuses others. */
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND', 'REPORT', 'LOCK'];
const TOKEN = [..."!#$%&'*+-.^_`|~0123456789abcdefgXYZ"];
const PATH = [..."abcXYZ019-._~!$&'()*+,;=:@/", '%2f', '%00', '%0D%0a', '%C3%a9', '//', '/../'];
const HOSTS = ['a', 'A.Example', 'a.example:8080', '192.0.2.1', '[2001:DB8::1]:80', 'x_y.a'];
const VALUE = [
  ...' \t\t  :;,="/\\(){}<>@[]?\'abcXYZ019~\x80\xa0\xff\xe9',
  'chunked',
  'GET / HTTP/1.1',
];
const BODY = [
  'a',
  'b',
  '\r',
  '\n',
  '\r\n',
  '\0',
  '\xff',
  '0\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  ';',
  '5',
];

const words = (from: readonly string[], constraints: fc.ArrayConstraints): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...from), constraints).map((parts) => parts.join(''));

const blanks = words([' ', '\t'], { maxLength: 2 });

interface FieldLine {
  readonly line: string;
  readonly seen: string;
}

const fieldLine: fc.Arbitrary<FieldLine> = fc
  .tuple(words(TOKEN, { maxLength: 8 }), words(VALUE, { maxLength: 12 }), blanks, blanks)
  .map(([rest, value, before, behind]) => ({
    line: `Y-${rest}:${before}${value}${behind}`,
    seen: `y-${rest.toLowerCase()}: ${value.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '')}`,
  }));

interface Framed {
  readonly fields: readonly string[];
  readonly bytes: string;
  readonly chunked: boolean;
  readonly body: string;
  readonly trailers: readonly string[];
}

const NO_BODY: Framed = { fields: [], bytes: '', chunked: false, body: '', trailers: [] };

const withLength: fc.Arbitrary<Framed> = fc
  .tuple(words(BODY, { maxLength: 8 }), fc.constantFrom('', '0', '000'), blanks)
  .map(([body, zeros, blank]) => {
    const fields = [`Content-Length:${blank}${zeros}${body.length}${blank}`];
    return { fields, bytes: body, chunked: false, body, trailers: [] };
  });

const extension = fc.constantFrom('', '', ';a', ';a=b', '; a="\xff;b"', ';a;b=c');

const withChunks: fc.Arbitrary<Framed> = fc
  .tuple(
    fc.array(fc.tuple(words(BODY, { minLength: 1, maxLength: 6 }), extension), { maxLength: 4 }),
    fc.array(fieldLine, { maxLength: 2 }),
    fc.constantFrom('chunked', 'Chunked', 'CHUNKED '),
  )
  .map(([chunks, trailers, coding]) => {
    const lines = chunks.map(([text, ext]) => `${text.length.toString(16)}${ext}\r\n${text}\r\n`);
    const end = trailers.map(({ line }) => `${line}\r\n`).join('');
    return {
      fields: [`transfer-encoding: ${coding}`],
      bytes: `${lines.join('')}0\r\n${end}\r\n`,
      chunked: true,
      body: chunks.map(([text]) => text).join(''),
      trailers: trailers.map(({ seen }) => seen),
    };
  });

const target = fc
  .tuple(words(PATH, { maxLength: 8 }), fc.option(words([...PATH, '?'], { maxLength: 6 })))
  .map(([path, query]) => `/${path}${query === null ? '' : `?${query}`}`);

export const arbitraryRequest: fc.Arbitrary<GeneratedRequest> = fc
  .record({
    method: fc.constantFrom(...METHODS),
    target,
    absolute: fc.boolean(),
    host: fc.constantFrom(...HOSTS),
    lines: fc.array(fieldLine, { maxLength: 4 }),
    hostAt: fc.nat({ max: 4 }),
    framed: fc.oneof(fc.constant(NO_BODY), withLength, withChunks),
    empty: fc.nat({ max: 2 }),
  })
  .map((parts) => {
    const { framed, host, method } = parts;
    const lines = [...parts.lines.map(({ line }) => line), ...framed.fields];
    lines.splice(parts.hostAt, 0, `Host: ${parts.absolute ? 'other' : host}`);
    const sent = parts.absolute ? `http://${host}${parts.target}` : parts.target;
    const head = [`${method} ${sent} HTTP/1.1`, ...lines].join('\r\n');
    return {
      bytes: `${'\r\n'.repeat(parts.empty)}${head}\r\n\r\n${framed.bytes}`,
      seen: {
        method,
        target: parts.target,
        host: host.toLowerCase(),
        fields: parts.lines.map(({ seen }) => seen).sort(byCode),
        chunked: framed.chunked,
        body: framed.body,
        trailers: [...framed.trailers].sort(byCode),
      },
    };
  });

/** Bytes and lines that parsers are known to stumble over. */
const NASTY = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\0',
  ' ',
  '\t',
  '\v',
  ':',
  ',',
  ';',
  '"',
  '#',
  '%',
  '\x7f',
  '\x85',
  '\xa0',
  '\xff',
  '0',
  '5',
  'f',
  '-',
  '+',
  '0x',
  'HTTP/1.0',
  'http://',
  '@',
  '[',
  '\r\n ',
  '\r\n\t',
  ' :',
  '\n\n',
  '\r\nContent-Length: 3',
  '\r\nContent-Length: 0',
  '\r\nTransfer-Encoding: chunked',
  '\r\nTransfer-Encoding: x',
  '\r\nTransfer-Encoding : chunked',
  '\r\nConnection: close',
  '\r\nConnection: content-length, host',
  '\r\nHost: b',
  '\r\nExpect: 100-continue',
  '0\r\n\r\n',
  'GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n',
];

/** Cuts `[at, at + drop)` out, puts `insert` there. */
const damage = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  drop: fc.nat({ max: 3 }),
  insert: fc.oneof(
    fc.constantFrom(...NASTY),
    fc.constant(''),
    fc.constantFrom('\r', '\n', ' ', '\0'),
  ),
});

/** A valid request with up to three damages. */
export const damagedRequest: fc.Arbitrary<string> = fc
  .tuple(arbitraryRequest, fc.array(damage, { minLength: 1, maxLength: 3 }))
  .map(([{ bytes }, damages]) => {
    let text = bytes;
    for (const { at, drop, insert } of damages) {
      const from = Math.floor(at * text.length);
      text = text.slice(0, from) + insert + text.slice(from + drop);
    }
    return text;
  });
