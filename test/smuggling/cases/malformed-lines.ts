/** Request lines and first bytes that must be refused (RFC 9112 2.2, 2.3, 3). */

import { get, head, SMUGGLED } from '../support/text.ts';
import { type MalformedHead, refused } from './malformed-head.ts';

const HOST = 'Host: a';

/** A request line with a Host behind it. */
function line(name: string, text: string, status: number, reason: string): MalformedHead {
  return refused(name, head(text, HOST), status, reason);
}

const VERSIONS: readonly MalformedHead[] = [
  line('HTTP/0.9: no version', 'GET /', 400, 'bad_target'),
  line('HTTP/0.9: blank and no version', 'GET / ', 400, 'bad_version'),
  line('HTTP/0.9 named', 'GET / HTTP/0.9', 505, 'unsupported_version'),
  line('HTTP/1.2', 'GET / HTTP/1.2', 505, 'unsupported_version'),
  line('HTTP/2.0', 'GET / HTTP/2.0', 505, 'unsupported_version'),
  line('HTTP/3.0', 'GET / HTTP/3.0', 505, 'unsupported_version'),
  line('HTTP/9.9', 'GET / HTTP/9.9', 505, 'unsupported_version'),
  line('HTTP/0.0', 'GET / HTTP/0.0', 505, 'unsupported_version'),
  line('two digits of minor version', 'GET / HTTP/1.10', 400, 'bad_version'),
  line('two digits of major version', 'GET / HTTP/01.1', 400, 'bad_version'),
  line('no minor version', 'GET / HTTP/1', 400, 'bad_version'),
  line('no digit behind the dot', 'GET / HTTP/1.', 400, 'bad_version'),
  line('no dot', 'GET / HTTP/11', 400, 'bad_version'),
  line('comma for the dot', 'GET / HTTP/1,1', 400, 'bad_version'),
  line('sign in the version', 'GET / HTTP/+1.', 400, 'bad_version'),
  line('letter in the version', 'GET / HTTP/1.x', 400, 'bad_version'),
  line('blank in the version', 'GET / HTTP/ 1.1', 400, 'bad_version'),
  line('lower-case version', 'GET / http/1.1', 400, 'bad_version'),
  line('mixed-case version', 'GET / Http/1.1', 400, 'bad_version'),
  line('HTTPS for HTTP', 'GET / HTTPS/1.1', 400, 'bad_version'),
  line('another protocol, ICY', 'GET / ICY/1.1', 400, 'bad_version'),
  line('RTSP', 'DESCRIBE rtsp://a/ RTSP/1.0', 400, 'bad_version'),
  line('text behind the version', 'GET / HTTP/1.1 x', 400, 'bad_version'),
  line('blank behind the version', 'GET / HTTP/1.1 ', 400, 'bad_version'),
  line('tab behind the version', 'GET / HTTP/1.1\t', 400, 'bad_version'),
  line('NUL behind the version', 'GET / HTTP/1.1\0', 400, 'bad_version'),
  line('two versions', 'GET / HTTP/1.1 HTTP/1.1', 400, 'bad_version'),
];

const BLANKS: readonly MalformedHead[] = [
  line('two blanks before the target', 'GET  / HTTP/1.1', 400, 'bad_target'),
  line('two blanks before the version', 'GET /  HTTP/1.1', 400, 'bad_version'),
  line('tabs for blanks', 'GET\t/\tHTTP/1.1', 400, 'bad_method'),
  line('tab before the version', 'GET /\tHTTP/1.1', 400, 'bad_target'),
  line('vertical tab for a blank', 'GET\v/ HTTP/1.1', 400, 'bad_method'),
  line('form feed for a blank', 'GET\f/ HTTP/1.1', 400, 'bad_method'),
  line('blank before the method', ' GET / HTTP/1.1', 400, 'bad_method'),
  line('tab before the method', '\tGET / HTTP/1.1', 400, 'bad_method'),
  line('blank inside the target', 'GET /a b HTTP/1.1', 400, 'bad_version'),
  line('method alone', 'GET', 400, 'bad_method'),
  line('method and version', 'GET HTTP/1.1', 400, 'bad_target'),
  line('no method', '/ HTTP/1.1', 400, 'bad_method'),
];

const METHODS: readonly MalformedHead[] = [
  line('parenthesis in the method', 'G(T / HTTP/1.1', 400, 'bad_method'),
  line('colon in the method', 'GET: / HTTP/1.1', 400, 'bad_method'),
  line('obs-text in the method', 'G\xc9T / HTTP/1.1', 400, 'bad_method'),
  line('NUL in the method', 'G\0T / HTTP/1.1', 400, 'bad_method'),
  line('control character in the method', 'G\x01T / HTTP/1.1', 400, 'bad_method'),
  line('quoted method', '"GET" / HTTP/1.1', 400, 'bad_method'),
  line('CONNECT', 'CONNECT a:443 HTTP/1.1', 501, 'connect'),
  line('CONNECT with a path', 'CONNECT / HTTP/1.1', 501, 'connect'),
];

const TARGETS: readonly MalformedHead[] = [
  line('fragment', 'GET /#a HTTP/1.1', 400, 'bad_target'),
  line('fragment alone', 'GET # HTTP/1.1', 400, 'bad_target'),
  line('fragment of an absolute target', 'GET http://a/#b HTTP/1.1', 400, 'bad_target'),
  line('NUL in the target', 'GET /\0 HTTP/1.1', 400, 'bad_target'),
  line('control character in the target', 'GET /\x01 HTTP/1.1', 400, 'bad_target'),
  line('DEL in the target', 'GET /\x7f HTTP/1.1', 400, 'bad_target'),
  line('obs-text in the target', 'GET /\xe9 HTTP/1.1', 400, 'bad_target'),
  line('no leading slash', 'GET index.html HTTP/1.1', 400, 'bad_target'),
  line('query alone', 'GET ?a HTTP/1.1', 400, 'bad_target'),
  line('backslash first', 'GET \\a HTTP/1.1', 400, 'bad_target'),
  line('authority form without CONNECT', 'GET a:80 HTTP/1.1', 400, 'bad_target'),
  line('asterisk without OPTIONS', 'GET * HTTP/1.1', 400, 'bad_target'),
  line('asterisk and more', 'OPTIONS *a HTTP/1.1', 400, 'bad_target'),
  line('two asterisks', 'OPTIONS ** HTTP/1.1', 400, 'bad_target'),
  line('absolute target of ftp', 'GET ftp://a/ HTTP/1.1', 400, 'bad_target'),
  line('absolute target of file', 'GET file:///etc/passwd HTTP/1.1', 400, 'bad_target'),
  line('absolute target with one slash', 'GET http:/a HTTP/1.1', 400, 'bad_target'),
  line('absolute target with no slash', 'GET http:a HTTP/1.1', 400, 'bad_target'),
  line('absolute target without host', 'GET http:///a HTTP/1.1', 400, 'bad_target'),
  line('absolute target of nothing', 'GET http:// HTTP/1.1', 400, 'bad_target'),
  line('absolute target with a query only', 'GET http://?a HTTP/1.1', 400, 'bad_target'),
  line('absolute target with a port only', 'GET http://:80/ HTTP/1.1', 400, 'bad_target'),
  line('absolute target with user', 'GET http://u@a/ HTTP/1.1', 400, 'bad_target'),
  line('absolute target with user and password', 'GET http://u:p@a/ HTTP/1.1', 400, 'bad_target'),
  line('absolute target with a bad port', 'GET http://a:b/ HTTP/1.1', 400, 'bad_target'),
  line('absolute target with a port too high', 'GET http://a:65536/ HTTP/1.1', 400, 'bad_target'),
  line('absolute target with two hosts', 'GET http://a,b/ HTTP/1.1', 400, 'bad_target'),
  line('absolute target with a backslash host', 'GET http://a\\b/ HTTP/1.1', 400, 'bad_target'),
];

const FIRST_BYTES: readonly MalformedHead[] = [
  refused('LF before the request', `\n${get()}`, 400, 'bad_method', 'bad_first_byte'),
  refused('CR before the request', `\r${get()}`, 400, 'bad_method', 'bad_first_byte'),
  refused(
    'two CR and LF before the request',
    `\r\r\n${get()}`,
    400,
    'bad_method',
    'bad_first_byte',
  ),
  refused('NUL before the request', `\0${get()}`, 400, 'bad_method', 'bad_first_byte'),
  refused('byte order mark', `\xef\xbb\xbf${get()}`, 400, 'bad_method', 'bad_first_byte'),
  refused('0xff before the request', `\xff${get()}`, 400, 'bad_method', 'bad_first_byte'),
  refused('empty line and a blank', `\r\n ${get()}`, 400, 'bad_method', 'bad_first_byte'),
  refused('a TLS ClientHello', clientHello(), 400, 'bad_first_byte'),
  refused('a SOCKS greeting', '\x05\x01\x00', 400, 'bad_first_byte'),
  refused('an SSH banner', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 400, 'bad_method'),
  refused('an SMTP command', 'QUIT\r\n\r\n', 400, 'bad_method'),
  refused(
    'the HTTP/2 preface',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
    505,
    'unsupported_version',
  ),
  refused(
    'a PROXY protocol line',
    `PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n${get()}`,
    400,
    'bad_target',
    'bad_version',
  ),
  refused('an answer for a request', 'HTTP/1.1 200 OK\r\nHost: a\r\n\r\n', 400, 'bad_method'),
  refused(
    'an empty line of CR only',
    `GET / HTTP/1.1\r\nHost: a\r\n\r${SMUGGLED}`,
    400,
    'bad_field_name',
    'bare_cr',
  ),
];

const ENDINGS: readonly MalformedHead[] = [
  refused('all lines with bare LF', 'GET / HTTP/1.1\nHost: a\n\n', 400, 'bare_lf'),
  refused(
    'request line with bare LF',
    'GET / HTTP/1.1\nHost: a\r\n\r\n',
    400,
    'bad_version',
    'bare_lf',
  ),
  refused(
    'request line with bare CR',
    'GET / HTTP/1.1\rHost: a\r\n\r\n',
    400,
    'bad_version',
    'bare_cr',
  ),
  refused(
    'request line with CR CR LF',
    'GET / HTTP/1.1\r\r\nHost: a\r\n\r\n',
    400,
    'bad_version',
    'bare_cr',
  ),
  refused(
    'bare CR in the target',
    'GET /\rx HTTP/1.1\r\nHost: a\r\n\r\n',
    400,
    'bad_target',
    'bare_cr',
  ),
  refused(
    'bare LF in the target',
    'GET /\nx HTTP/1.1\r\nHost: a\r\n\r\n',
    400,
    'bad_target',
    'bare_lf',
  ),
  refused(
    'empty line of LF only',
    `GET / HTTP/1.1\r\nHost: a\r\n\n${SMUGGLED}`,
    400,
    'bad_field_name',
    'bare_lf',
  ),
  refused('last field with bare LF', `GET / HTTP/1.1\r\nHost: a\n\r\n${SMUGGLED}`, 400, 'bare_lf'),
];

/** The first bytes of a TLS 1.2 handshake. */
function clientHello(): string {
  return `\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03${'r'.repeat(32)}\x00\x00\x02\x13\x01\x01\x00\x00\x00`;
}

export const MALFORMED_LINES: readonly MalformedHead[] = [
  ...VERSIONS,
  ...BLANKS,
  ...METHODS,
  ...TARGETS,
  ...FIRST_BYTES,
  ...ENDINGS,
];
