/**
 * Odd but valid requests, and exactly what a backend must see of each: request line, fields in
 * order (without the ones Tulle adds about the client), framing, body, trailers.
 */

import { get, head, post } from '../support/text.ts';

export interface Accepted {
  readonly name: string;
  /** latin1. */
  readonly bytes: string;
  readonly line: string;
  /** `host` first, then the fields behind it; framing and the fields of Tulle left out. */
  readonly fields: readonly string[];
  /** The one framing field, '' for none. */
  readonly framing: string;
  readonly body: string;
  readonly trailers: readonly string[];
  /** A parser that turns the request down as a whole, and why. */
  readonly refusedBy: Readonly<Partial<Record<'node' | 'go', string>>>;
}

type Expected = Partial<Omit<Accepted, 'name' | 'bytes'>>;

const CHUNKED = 'transfer-encoding: chunked';

function accepted(name: string, bytes: string, expected: Expected = {}): Accepted {
  return {
    name,
    bytes,
    line: 'GET / HTTP/1.1',
    fields: ['host: a'],
    framing: '',
    body: '',
    trailers: [],
    refusedBy: {},
    ...expected,
  };
}

/** A target in a request line with a Host of `a`. */
function target(name: string, sent: string, seen: string, host = 'a'): Accepted {
  const bytes = head(`GET ${sent} HTTP/1.1`, 'Host: a');
  return accepted(name, bytes, { line: `GET ${seen} HTTP/1.1`, fields: [`host: ${host}`] });
}

function hostOf(name: string, sent: string, seen = sent): Accepted {
  const bytes = head('GET / HTTP/1.1', `Host: ${sent}`);
  return accepted(`Host: ${name}`, bytes, { fields: [`host: ${seen}`] });
}

function field(name: string, sent: string, ...seen: string[]): Accepted {
  return accepted(name, get(sent), { fields: ['host: a', ...seen] });
}

const UNKNOWN_METHOD = { node: 'llhttp knows a list of methods only' };

const LINES: readonly Accepted[] = [
  accepted('empty line before', `\r\n${get()}`),
  accepted('four empty lines before', `${'\r\n'.repeat(4)}${get()}`),
  accepted('method nobody knows', head('BREW /pot HTTP/1.1', 'Host: a'), {
    line: 'BREW /pot HTTP/1.1',
    refusedBy: UNKNOWN_METHOD,
  }),
  accepted('lower-case method is another method', head('get / HTTP/1.1', 'Host: a'), {
    line: 'get / HTTP/1.1',
    refusedBy: UNKNOWN_METHOD,
  }),
  accepted('method of every odd token character', head("!#$%&'*+-.^_`|~ / HTTP/1.1", 'Host: a'), {
    line: "!#$%&'*+-.^_`|~ / HTTP/1.1",
    refusedBy: UNKNOWN_METHOD,
  }),
  accepted('method of one letter', head('X / HTTP/1.1', 'Host: a'), {
    line: 'X / HTTP/1.1',
    refusedBy: UNKNOWN_METHOD,
  }),
  accepted('long method of WebDAV', head('PROPPATCH /a HTTP/1.1', 'Host: a'), {
    line: 'PROPPATCH /a HTTP/1.1',
  }),
  target('query with a question mark', '/?a?b=c', '/?a?b=c'),
  target('empty query', '/?', '/?'),
  target('two slashes', '//a//b', '//a//b'),
  target('two slashes that look like a host', '//evil/x', '//evil/x'),
  target('dot segments are left alone', '/a/../b/./c', '/a/../b/./c'),
  target('percent-encoded slash and dots', '/a%2f..%2Fb%2e', '/a%2f..%2Fb%2e'),
  target('percent-encoded line end', '/a%0d%0aX:%20b', '/a%0d%0aX:%20b'),
  target('percent-encoded NUL', '/%00', '/%00'),
  target('characters no URI should have', '/"<>\\^`{|}', '/"<>\\^`{|}'),
  target('a URI as path', '/http://b/', '/http://b/'),
  target('semicolons, commas, colons, at', '/a;b,c:d@e', '/a;b,c:d@e'),
  target('long target', `/${'a'.repeat(16_383)}`, `/${'a'.repeat(16_383)}`),
  target('absolute', 'http://b/c?d', '/c?d', 'b'),
  target('absolute in capitals', 'HTTP://B.Example/C', '/C', 'b.example'),
  target('absolute of https', 'https://b/', '/', 'b'),
  target('absolute without path', 'http://b', '/', 'b'),
  target('absolute without path, with query', 'http://b?c', '/?c', 'b'),
  target('absolute with port', 'http://b:8080/c', '/c', 'b:8080'),
  target('absolute with IPv6', 'http://[::1]:80/c', '/c', '[::1]:80'),
  target('absolute with two slashes behind the host', 'http://b//c', '//c', 'b'),
];

const OPTIONS: readonly Accepted[] = [
  accepted('OPTIONS with a path', head('OPTIONS /a HTTP/1.1', 'Host: a'), {
    line: 'OPTIONS /a HTTP/1.1',
  }),
  accepted('OPTIONS with a bare slash', head('OPTIONS / HTTP/1.1', 'Host: a'), {
    line: 'OPTIONS / HTTP/1.1',
  }),
  accepted('OPTIONS absolute with path', head('OPTIONS http://b/ HTTP/1.1', 'Host: a'), {
    line: 'OPTIONS / HTTP/1.1',
    fields: ['host: b'],
  }),
  accepted('OPTIONS absolute with query', head('OPTIONS http://b?c HTTP/1.1', 'Host: a'), {
    line: 'OPTIONS /?c HTTP/1.1',
    fields: ['host: b'],
  }),
];

const HOSTS: readonly Accepted[] = [
  hostOf('capitals', 'A.Example', 'a.example'),
  hostOf('port', 'a:8080'),
  hostOf('port 0', 'a:0'),
  hostOf('highest port', 'a:65535'),
  hostOf('IPv4', '192.0.2.1:80'),
  hostOf('IPv6', '[2001:DB8::1]', '[2001:db8::1]'),
  hostOf('IPv6 with port', '[::1]:8080'),
  hostOf('IPv6 with IPv4', '[::ffff:192.0.2.1]'),
  hostOf('dot behind', 'a.example.'),
  hostOf('underscore', 'my_host'),
  hostOf('percent-encoded', 'a%41', 'a%41'.toLowerCase()),
  hostOf('blanks around', ' \t a \t ', 'a'),
  accepted('Host last', head('GET / HTTP/1.1', 'X-A: 1', 'Host: a'), {
    fields: ['host: a', 'x-a: 1'],
  }),
  accepted('Host in capitals without blank', head('GET / HTTP/1.1', 'HOST:a')),
];

const FIELDS: readonly Accepted[] = [
  field('no blank behind the colon', 'X-A:1', 'x-a: 1'),
  field('blanks and tabs around a value', 'X-A: \t 1 \t ', 'x-a: 1'),
  field('blanks and tabs inside a value', 'X-A: 1 \t 2', 'x-a: 1 \t 2'),
  field('empty value', 'X-A:', 'x-a: '),
  field('value of blanks', 'X-A:  \t ', 'x-a: '),
  field('obs-text in a value', 'X-A: \xe9\xff\x80', 'x-a: \xe9\xff\x80'),
  field('no-break spaces belong to the value', 'X-A: \xa01\xa0', 'x-a: \xa01\xa0'),
  field('colons in a value', 'X-A: :b: c', 'x-a: :b: c'),
  field('a field line as a value', 'X-A: Content-Length: 5', 'x-a: Content-Length: 5'),
  field('every odd token character in a name', "!#$%&'*+-.^_`|~9: 1", "!#$%&'*+-.^_`|~9: 1"),
  field('name of one character', 'X: 1', 'x: 1'),
  field('name of digits', '42: 1', '42: 1'),
  field('underscore is no hyphen', 'Content_Length: 5', 'content_length: 5'),
  field('nor is it in a coding', 'Transfer_Encoding: chunked', 'transfer_encoding: chunked'),
  field('name that only begins like a length', 'Content-Lengths: 5', 'content-lengths: 5'),
  field(
    'name that only ends like a coding',
    'X-Transfer-Encoding: chunked',
    'x-transfer-encoding: chunked',
  ),
  field('repeated field', 'X-A: 1\r\nX-B: 2\r\nx-a: 3', 'x-a: 1', 'x-b: 2', 'x-a: 3'),
  field('two cookies', 'Cookie: a=1\r\nCookie: b=2', 'cookie: a=1', 'cookie: b=2'),
  field('long value', `X-A: ${'v'.repeat(8_000)}`, `x-a: ${'v'.repeat(8_000)}`),
  field('Expect without a value', 'Expect:'),
  field('Via and Trailer pass', 'Via: 1.1 x\r\nTrailer: x-t', 'via: 1.1 x', 'trailer: x-t'),
];

const HOP: readonly Accepted[] = [
  field(
    'hop-by-hop fields go',
    'Keep-Alive: 5\r\nProxy-Connection: close\r\nTE: trailers\r\nX-A: 1',
    'x-a: 1',
  ),
  field(
    'Connection takes what it names',
    'Connection: X-A, x-b\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3',
    'x-c: 3',
  ),
  field('Connection in two lines', 'X-A: 1\r\nConnection: x-a\r\nConnection: x-b\r\nX-B: 2'),
  field('Connection with empty elements', 'Connection: , ,x-a,\r\nX-A: 1'),
  field('Connection cannot take Host', 'Connection: host'),
  field('no-break space is no blank in Connection', 'Connection: \xa0x-a\r\nX-A: 1', 'x-a: 1'),
  field('Upgrade without Connection goes', 'Upgrade: websocket'),
  field(
    'h2c is not spoken: served as it is',
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk',
  ),
  field('proxy credentials go', 'Proxy-Authorization: Basic YTpi'),
  field(
    'what a client claims of itself is replaced',
    'X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Request-Id: mine',
  ),
];

const OLD: readonly Accepted[] = [
  accepted('HTTP/1.0', head('GET /old HTTP/1.0', 'Host: a'), { line: 'GET /old HTTP/1.1' }),
  accepted('HTTP/1.0 without Host', 'GET /old HTTP/1.0\r\n\r\n', {
    line: 'GET /old HTTP/1.1',
    fields: ['host: '],
  }),
  accepted(
    'HTTP/1.0 with keep-alive and length',
    `${head('POST / HTTP/1.0', 'Connection: Keep-Alive', 'Host: a', 'Content-Length: 2')}hi`,
    {
      line: 'POST / HTTP/1.1',
      framing: 'content-length: 2',
      body: 'hi',
    },
  ),
  accepted(
    'HTTP/1.0 ignores Expect',
    `${head('POST / HTTP/1.0', 'Host: a', 'Expect: 100-continue', 'Content-Length: 2')}hi`,
    {
      line: 'POST / HTTP/1.1',
      framing: 'content-length: 2',
      body: 'hi',
    },
  ),
];

/** A POST with these field lines and bytes behind its head. */
function body(name: string, fields: string, bytes: string, expected: Expected): Accepted {
  const lines = fields === '' ? [] : [fields];
  return accepted(name, post(...lines) + bytes, { line: 'POST / HTTP/1.1', ...expected });
}

function chunks(name: string, bytes: string, expected: Expected): Accepted {
  return body(name, 'Transfer-Encoding: chunked', bytes, { framing: CHUNKED, ...expected });
}

const BODIES: readonly Accepted[] = [
  body('POST without a body says so', '', '', { framing: 'content-length: 0' }),
  body('length 0', 'Content-Length: 0', '', { framing: 'content-length: 0' }),
  body('length with leading zeros', 'Content-Length: 00005', 'hello', {
    framing: 'content-length: 5',
    body: 'hello',
  }),
  body('length with blanks around', 'Content-Length: \t5 ', 'hello', {
    framing: 'content-length: 5',
    body: 'hello',
  }),
  body(
    'length named by Connection stays',
    'Connection: content-length\r\nContent-Length: 5',
    'hello',
    { framing: 'content-length: 5', body: 'hello' },
  ),
  body('body that looks like a request', 'Content-Length: 18', 'GET / HTTP/1.1\r\n\r\n', {
    framing: 'content-length: 18',
    body: 'GET / HTTP/1.1\r\n\r\n',
  }),
  body('body of every odd byte', 'Content-Length: 6', '\0\r\n\xff\n\r', {
    framing: 'content-length: 6',
    body: '\0\r\n\xff\n\r',
  }),
  body('expectation in capitals', 'Expect: 100-CONTINUE\r\nContent-Length: 2', 'hi', {
    framing: 'content-length: 2',
    body: 'hi',
    fields: ['host: a', 'expect: 100-continue'],
  }),
  accepted('GET with a body', `${get('Content-Length: 2')}hi`, {
    framing: 'content-length: 2',
    body: 'hi',
  }),
  accepted(
    'DELETE in chunks',
    `${head('DELETE / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\n\r\n`,
    { line: 'DELETE / HTTP/1.1', framing: CHUNKED, body: 'hi' },
  ),
  chunks('no chunk but the last', '0\r\n\r\n', {}),
  chunks('last chunk of many zeros', '000000000000\r\n\r\n', {}),
  chunks('sizes in both cases', 'A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n', {
    body: '01234567890123456789',
  }),
  chunks('size with leading zeros', '0005\r\nhello\r\n0\r\n\r\n', { body: 'hello' }),
  chunks('chunk extensions go', '5;a\r\nhello\r\n3;b=c;d="e f;\x80"\r\n!!!\r\n0;z\r\n\r\n', {
    body: 'hello!!!',
  }),
  chunks('blanks before an extension name', '2; \ta=b\r\nhi\r\n0\r\n\r\n', { body: 'hi' }),
  chunks('data that looks like chunks', '7\r\n0\r\n\r\nGE\r\n0\r\n\r\n', { body: '0\r\n\r\nGE' }),
  chunks('trailers', '2\r\nhi\r\n0\r\nX-T: 1\r\nX-U:2 \r\n\r\n', {
    body: 'hi',
    trailers: ['x-t: 1', 'x-u: 2'],
  }),
  chunks(
    'trailers that may not come late go',
    '0\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\nHost: b\r\nAuthorization: x\r\nX-Forwarded-For: 192.0.2.1\r\nX-T: 1\r\n\r\n',
    { trailers: ['x-t: 1'] },
  ),
  chunks('nothing left of the trailers', '0\r\nConnection: close\r\n\r\n', {}),
  body('coding in capitals', 'Transfer-Encoding: CHUNKED', '2\r\nhi\r\n0\r\n\r\n', {
    framing: CHUNKED,
    body: 'hi',
  }),
  body('coding with blanks around', 'Transfer-Encoding:\t chunked \t', '2\r\nhi\r\n0\r\n\r\n', {
    framing: CHUNKED,
    body: 'hi',
  }),
];

export const ACCEPTED: readonly Accepted[] = [
  ...LINES,
  ...OPTIONS,
  ...HOSTS,
  ...FIELDS,
  ...HOP,
  ...OLD,
  ...BODIES,
];
