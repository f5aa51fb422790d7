/** Field lines, Host and limits that must be refused (RFC 9112 3.2, 5; RFC 9110 5, 7.2, 10.1.1). */

import { get, head, SMUGGLED } from '../support/text.ts';
import { type MalformedHead, refused } from './malformed-head.ts';

function field(name: string, text: string, ...reasons: string[]): MalformedHead {
  return refused(name, get(text, 'X-Last: 1'), 400, ...reasons);
}

function host(name: string, value: string): MalformedHead {
  return refused(`Host: ${name}`, head('GET / HTTP/1.1', `Host: ${value}`), 400, 'bad_host');
}

const LINES: readonly MalformedHead[] = [
  field('obs-fold with a blank', 'X-A: 1\r\n 2', 'obs_fold'),
  field('obs-fold with a tab', 'X-A: 1\r\n\t2', 'obs_fold'),
  field('obs-fold of blanks only', 'X-A: 1\r\n  ', 'obs_fold'),
  field('obs-fold that hides a length', 'X-A: 1\r\n Content-Length: 5', 'obs_fold'),
  refused('blank before the first field', head('GET / HTTP/1.1', ' Host: a'), 400, 'obs_fold'),
  refused('tab before the first field', head('GET / HTTP/1.1', '\tHost: a'), 400, 'obs_fold'),
  field('blank line that is not empty', ' ', 'obs_fold'),
  field('bare CR in a value', 'X-A: 1\r2', 'bare_cr'),
  field('bare CR that hides a length', 'X-A: 1\rContent-Length: 5', 'bare_cr'),
  field('CR CR LF', 'X-A: 1\r', 'bare_cr'),
  field('bare LF in a value', 'X-A: 1\n2', 'bare_lf'),
  field('bare LF that hides a length', 'X-A: 1\nContent-Length: 5', 'bare_lf'),
  field('bare LF in a name', 'X-\nA: 1', 'bad_field_name', 'bare_lf'),
  field('LF LF in a value', `X-A: 1\n\n${SMUGGLED}`, 'bare_lf'),
  field('LF CR in a value', 'X-A: 1\n\r2', 'bare_lf'),
  field('NUL in a value', 'X-A: 1\x002', 'nul_in_field'),
  field('NUL in a name', 'X-\0A: 1', 'bad_field_name', 'nul_in_field'),
  field('NUL before the colon', 'X-A\0: 1', 'bad_field_name', 'nul_in_field'),
  field('control character in a value', 'X-A: 1\x012', 'control_in_field'),
  field('escape in a value', 'X-A: \x1b[31m', 'control_in_field'),
  field('backspace in a value', 'X-A: 1\b', 'control_in_field'),
  field('vertical tab in a value', 'X-A: 1\v2', 'control_in_field'),
  field('form feed in a value', 'X-A: 1\f', 'control_in_field'),
  field('DEL in a value', 'X-A: 1\x7f', 'control_in_field'),
  field('blank before the colon', 'X-A : 1', 'blank_before_colon'),
  field('tab before the colon', 'X-A\t: 1', 'blank_before_colon'),
  field('vertical tab before the colon', 'X-A\v: 1', 'bad_field_name'),
  field('blank inside a name', 'X A: 1', 'blank_before_colon'),
  field('no colon', 'X-A', 'bad_field_name'),
  field('no colon but a blank', 'X-A 1', 'blank_before_colon'),
  field('empty name', ': 1', 'empty_field_name'),
  field('colon alone', ':', 'empty_field_name'),
  field('colon first, as in HTTP/2', ':path: /', 'empty_field_name'),
  field('parenthesis in a name', 'X(A): 1', 'bad_field_name'),
  field('slash in a name', 'X/A: 1', 'bad_field_name'),
  field('at sign in a name', 'X@A: 1', 'bad_field_name'),
  field('bracket in a name', 'X[0]: 1', 'bad_field_name'),
  field('brace in a name', 'X{A}: 1', 'bad_field_name'),
  field('quote in a name', '"X-A": 1', 'bad_field_name'),
  field('comma in a name', 'X,A: 1', 'bad_field_name'),
  field('semicolon in a name', 'X;A: 1', 'bad_field_name'),
  field('equals sign in a name', 'X=A: 1', 'bad_field_name'),
  field('question mark in a name', 'X?A: 1', 'bad_field_name'),
  field('backslash in a name', 'X\\A: 1', 'bad_field_name'),
  field('obs-text in a name', 'X-\xc4: 1', 'bad_field_name'),
  field('soft hyphen in a name', 'Content\xadLength: 5', 'bad_field_name'),
  field('no-break space before the colon', 'X-A\xa0: 1', 'bad_field_name'),
  field('DEL in a name', 'X-\x7fA: 1', 'bad_field_name'),
  field('request line among the fields', 'GET /smuggled HTTP/1.1', 'blank_before_colon'),
];

const HOSTS: readonly MalformedHead[] = [
  refused('no Host', head('GET / HTTP/1.1', 'X-A: 1'), 400, 'no_host'),
  refused('no field at all', 'GET / HTTP/1.1\r\n\r\n', 400, 'no_host'),
  refused(
    'no Host beside an absolute target',
    head('GET http://a/ HTTP/1.1', 'X-A: 1'),
    400,
    'no_host',
  ),
  refused('two equal Hosts', get('Host: a'), 400, 'repeated_host'),
  refused('two Hosts', get('Host: b'), 400, 'repeated_host'),
  refused('two Hosts, other case', get('X-A: 1', 'hOST: b'), 400, 'repeated_host'),
  refused(
    'two Hosts in HTTP/1.0',
    head('GET / HTTP/1.0', 'Host: a', 'Host: a'),
    400,
    'repeated_host',
  ),
  refused(
    'two Hosts beside an absolute target',
    head('GET http://a/ HTTP/1.1', 'Host: a', 'Host: b'),
    400,
    'repeated_host',
  ),
  refused(
    'bad Host beside an absolute target',
    head('GET http://a/ HTTP/1.1', 'Host: u@a'),
    400,
    'bad_host',
  ),
  refused('bad Host in HTTP/1.0', head('GET / HTTP/1.0', 'Host: a b'), 400, 'bad_host'),
  refused(
    'blank before the colon of Host',
    head('GET / HTTP/1.1', 'Host : a'),
    400,
    'blank_before_colon',
  ),
  host('empty', ''),
  host('blanks', ' \t '),
  host('user', 'u@a'),
  host('user and password', 'u:p@a'),
  host('list', 'a, b'),
  host('list without blank', 'a,b'),
  host('blank inside', 'a b'),
  host('tab inside', 'a\tb'),
  host('path', 'a/b'),
  host('query', 'a?b'),
  host('fragment', 'a#b'),
  host('backslash', 'a\\b'),
  host('a whole URI', 'http://a/'),
  host('angle brackets', '<a>'),
  host('quotes', '"a"'),
  host('bar', 'a|b'),
  host('braces', '{a}'),
  host('caret', 'a^b'),
  host('obs-text', '\xe4.example'),
  host('port without digits', 'a:'),
  host('port of letters', 'a:http'),
  host('port with a sign', 'a:+80'),
  host('port with letters behind', 'a:80a'),
  host('port of six digits', 'a:000080'),
  host('port too high', 'a:65536'),
  host('two ports', 'a:80:80'),
  host('port alone', ':80'),
  host('IPv6 without brackets', '::1'),
  host('IPv6 with one bracket', '[::1'),
  host('IPv6 with text behind', '[::1]a'),
  host('IPv6 with a bad digit', '[::g]'),
  host('empty brackets', '[]'),
  host('brackets inside', 'a[::1]'),
  refused(
    'Host: control character',
    head('GET / HTTP/1.1', 'Host: a\x01'),
    400,
    'control_in_field',
  ),
  refused('Host: NUL', head('GET / HTTP/1.1', 'Host: a\0b'), 400, 'nul_in_field'),
];

const ASKED_TOO_MUCH: readonly MalformedHead[] = [
  refused('unknown expectation', get('Expect: 200-ok', 'Content-Length: 0'), 417, 'expectation'),
  refused('expectation with a parameter', get('Expect: 100-continue;q=1'), 417, 'expectation'),
  refused('two expectations in a list', get('Expect: 100-continue, magic'), 417, 'expectation'),
  refused(
    'unknown expectation, then a known one',
    get('Expect: magic', 'Expect: 100-continue'),
    417,
    'expectation',
  ),
  refused(
    'a known expectation, then an unknown one',
    get('Expect: 100-continue', 'Expect: magic'),
    417,
    'expectation',
  ),
  refused('Upgrade to WebSocket', get('Connection: upgrade', 'Upgrade: websocket'), 501, 'upgrade'),
  refused(
    'Upgrade to a list with WebSocket',
    get('Connection: Upgrade', 'Upgrade: h2c, websocket'),
    501,
    'upgrade',
  ),
  refused(
    'Upgrade in two lines',
    get('Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: h2c'),
    501,
    'upgrade',
  ),
  refused(
    'Upgrade to h2c with NBSP',
    get('Connection: Upgrade', 'Upgrade: h2c\xa0'),
    501,
    'upgrade',
  ),
];

const BIG = 64 * 1024;

const LIMITS_PASSED: readonly MalformedHead[] = [
  refused(
    'target one byte too long',
    head(`GET /${'a'.repeat(16 * 1024)} HTTP/1.1`, 'Host: a'),
    414,
    'target_too_long',
  ),
  refused(
    'target far too long',
    head(`GET /${'a'.repeat(40_000)} HTTP/1.1`, 'Host: a'),
    414,
    'start_line_too_long',
  ),
  refused('request line without end', `GET /${'a'.repeat(BIG)}`, 414, 'start_line_too_long'),
  refused(
    'method too long',
    head(`${'A'.repeat(20_000)} / HTTP/1.1`, 'Host: a'),
    414,
    'start_line_too_long',
  ),
  refused('value too long', get(`X-A: ${'a'.repeat(BIG)}`), 431, 'head_too_large'),
  refused(
    'value without end',
    `GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(BIG)}`,
    431,
    'head_too_large',
  ),
  refused('name too long', get(`${'A'.repeat(BIG)}: 1`), 431, 'head_too_large'),
  refused('head too large by many fields', get(...many(60, 1_200)), 431, 'head_too_large'),
  refused('one field too many', get(...many(100, 1)), 431, 'too_many_fields'),
  refused('many fields too many', get(...many(1_000, 1)), 431, 'too_many_fields'),
  refused(
    'fields without end',
    `GET / HTTP/1.1\r\nHost: a\r\n${'X: 1\r\n'.repeat(11_000)}`,
    431,
    'head_too_large',
  ),
];

function many(count: number, valueBytes: number): string[] {
  return Array.from({ length: count }, (_, i) => `X-${i}: ${'v'.repeat(valueBytes)}`);
}

export const MALFORMED_FIELDS: readonly MalformedHead[] = [
  ...LINES,
  ...HOSTS,
  ...ASKED_TOO_MUCH,
  ...LIMITS_PASSED,
];
