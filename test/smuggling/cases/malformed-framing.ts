/**
 * Heads whose framing is ambiguous or faulty (RFC 9112 6.1, 6.3; RFC 9110 8.6). Each carries a
 * second request where one of the readings would find its body.
 */

import { get, head, post, SMUGGLED } from '../support/text.ts';
import { type MalformedHead, refused } from './malformed-head.ts';

const CHUNKED = 'Transfer-Encoding: chunked';
const BOTH = 'length_and_coding';

function framed(name: string, reason: string, ...fields: string[]): MalformedHead {
  return refused(name, `${post(...fields)}0\r\n\r\n${SMUGGLED}`, 400, reason);
}

function length(name: string, value: string, reason = 'bad_length'): MalformedHead {
  const bytes = `${post(`Content-Length: ${value}`)}hello${SMUGGLED}`;
  return refused(`Content-Length ${name}`, bytes, 400, reason);
}

function coding(name: string, value: string, status = 400, reason = 'bad_coding'): MalformedHead {
  const bytes = `${post(`Transfer-Encoding: ${value}`)}0\r\n\r\n${SMUGGLED}`;
  return refused(`Transfer-Encoding ${name}`, bytes, status, reason);
}

const LENGTH_AND_CODING: readonly MalformedHead[] = [
  framed('length, then coding', BOTH, 'Content-Length: 5', CHUNKED),
  framed('coding, then length', BOTH, CHUNKED, 'Content-Length: 5'),
  framed('length 0 and coding', BOTH, 'Content-Length: 0', CHUNKED),
  framed('coding and length 0', BOTH, CHUNKED, 'Content-Length: 0'),
  framed('coding and length far apart', BOTH, CHUNKED, 'X-A: 1', 'X-B: 2', 'Content-Length: 5'),
  framed('both in capitals', BOTH, 'CONTENT-LENGTH: 5', 'TRANSFER-ENCODING: CHUNKED'),
  framed(
    'length named by Connection',
    BOTH,
    'Connection: content-length',
    'Content-Length: 5',
    CHUNKED,
  ),
  framed(
    'coding named by Connection',
    BOTH,
    'Connection: transfer-encoding',
    'Content-Length: 5',
    CHUNKED,
  ),
  framed(
    'both named by Connection',
    BOTH,
    'Content-Length: 5',
    CHUNKED,
    'Connection: transfer-encoding, content-length',
  ),
  framed(
    'two lengths and coding',
    'repeated_length',
    'Content-Length: 5',
    CHUNKED,
    'Content-Length: 5',
  ),
  framed('length and two codings', 'repeated_coding', 'Content-Length: 5', CHUNKED, CHUNKED),
  framed('length and an empty coding', 'bad_coding', 'Content-Length: 5', 'Transfer-Encoding:'),
  framed('length and identity', 'bad_coding', 'Content-Length: 5', 'Transfer-Encoding: identity'),
  framed('empty length and coding', 'bad_length', 'Content-Length:', CHUNKED),
  refused('both on GET', `${get('Content-Length: 5', CHUNKED)}0\r\n\r\n${SMUGGLED}`, 400, BOTH),
];

const LENGTHS: readonly MalformedHead[] = [
  length('empty', ''),
  length('of blanks', '  \t'),
  length('with a plus', '+5'),
  length('with a minus', '-5'),
  length('minus nothing', '-0'),
  length('in hexadecimal', '0x5'),
  length('of a hexadecimal digit', 'a'),
  length('with a blank inside', '5 5'),
  length('with a tab inside', '5\t5'),
  length('list of equal values', '5, 5'),
  length('list without blank', '5,5'),
  length('list of different values', '5, 6'),
  length('with a comma behind', '5,'),
  length('with a comma before', ',5'),
  length('with a semicolon', '5;'),
  length('with a fraction', '5.0'),
  length('with an exponent', '5e0'),
  length('with an underscore', '5_0'),
  length('in quotes', '"5"'),
  length('with a unit', '5 bytes'),
  length('of letters', 'five'),
  length('with a no-break space', '5\xa0'),
  length('of a superscript digit', '\xb2'),
  length('of 2^53', '9007199254740992'),
  length('of 2^63', '9223372036854775808'),
  length('of 2^64 + 5', '18446744073709551621'),
  length('of twenty digits', '99999999999999999999'),
  length('with leading zeros beyond all need', '00000000000000005'),
  length('with a NUL', '5\0', 'nul_in_field'),
  length('with a vertical tab', '5\v', 'control_in_field'),
  length('with a vertical tab before', '\v5', 'control_in_field'),
  length('with a bare CR', '5\r6', 'bare_cr'),
  length('with a bare LF', '5\n6', 'bare_lf'),
  length('in an obs-fold', '5\r\n 6', 'obs_fold'),
  length('wholly in an obs-fold', '\r\n 5', 'obs_fold'),
  framed('two equal lengths', 'repeated_length', 'Content-Length: 5', 'Content-Length: 5'),
  framed('two lengths', 'repeated_length', 'Content-Length: 5', 'Content-Length: 6'),
  framed('two lengths, the second 0', 'repeated_length', 'Content-Length: 5', 'content-length: 0'),
  framed('a good and an empty length', 'repeated_length', 'Content-Length: 5', 'Content-Length:'),
  framed('blank before the colon of a length', 'blank_before_colon', 'Content-Length : 5'),
  framed('tab before the colon of a length', 'blank_before_colon', 'Content-Length\t: 5'),
  framed('blank before a length', 'obs_fold', 'X-A: 1', ' Content-Length: 5'),
  framed('no colon behind a length', 'blank_before_colon', 'Content-Length 5'),
  refused(
    'two lengths on GET',
    `${get('Content-Length: 5', 'Content-Length: 0')}${SMUGGLED}`,
    400,
    'repeated_length',
  ),
];

const CODINGS: readonly MalformedHead[] = [
  coding('empty', ''),
  coding('of blanks', '  '),
  coding('identity', 'identity'),
  coding('gzip alone', 'gzip'),
  coding('gzip behind chunked', 'chunked, gzip'),
  coding('identity behind chunked', 'chunked, identity'),
  coding('gzip before chunked', 'gzip, chunked', 501, 'unknown_coding'),
  coding('two before chunked', 'deflate,gzip \t, chunked', 501, 'unknown_coding'),
  coding('identity before chunked', 'identity, chunked', 501, 'unknown_coding'),
  coding('chunked twice', 'chunked, chunked', 400, 'repeated_coding'),
  coding('chunked twice around gzip', 'chunked, gzip, chunked', 400, 'repeated_coding'),
  coding('with a comma behind', 'chunked,'),
  coding('with a comma before', ',chunked'),
  coding('with a comma and a blank before', ', chunked'),
  coding('with an empty element', 'gzip,,chunked'),
  coding('with a parameter', 'chunked;q=1'),
  coding('with a semicolon', 'chunked;'),
  coding('with a parameter before', 'gzip;q=1, chunked'),
  coding('xchunked', 'xchunked'),
  coding('chunkedx', 'chunkedx'),
  coding('x-chunked', 'x-chunked'),
  coding('chunk', 'chunk'),
  coding('two words', 'chunked chunked'),
  coding('two words with a tab', 'x\tchunked'),
  coding('in quotes', '"chunked"'),
  coding('in apostrophes', "'chunked'"),
  coding('in parentheses', '(chunked)'),
  coding('with an equals sign', 'chunked=1'),
  coding('with a colon before', ': chunked'),
  coding('with obs-text', 'ch\xfcnked'),
  coding('with a no-break space', 'chunked\xa0'),
  coding('with a no-break space before', '\xa0chunked'),
  coding('with a next-line byte', '\x85chunked'),
  coding('with a vertical tab', 'chunked\v', 400, 'control_in_field'),
  coding('with a vertical tab before', '\vchunked', 400, 'control_in_field'),
  coding('with a form feed', 'chunked\f', 400, 'control_in_field'),
  coding('with a NUL', 'chunked\0', 400, 'nul_in_field'),
  coding('with a DEL', 'chunked\x7f', 400, 'control_in_field'),
  coding('with a bare CR', 'chunked\rx', 400, 'bare_cr'),
  coding('with a bare LF', 'x\nchunked', 400, 'bare_lf'),
  coding('in an obs-fold', '\r\n chunked', 400, 'obs_fold'),
  coding('with an obs-fold behind', 'chunked\r\n x', 400, 'obs_fold'),
  framed('chunked in two lines', 'repeated_coding', CHUNKED, CHUNKED),
  framed('chunked, then identity', 'repeated_coding', CHUNKED, 'Transfer-Encoding: identity'),
  framed('identity, then chunked', 'bad_coding', 'Transfer-Encoding: identity', CHUNKED),
  framed('gzip and chunked in two lines', 'bad_coding', 'Transfer-Encoding: gzip', CHUNKED),
  framed('an empty coding, then chunked', 'bad_coding', 'Transfer-Encoding:', CHUNKED),
  framed('chunked, then an empty coding', 'repeated_coding', CHUNKED, 'Transfer-Encoding:'),
  framed('blank before the colon of a coding', 'blank_before_colon', 'Transfer-Encoding : chunked'),
  framed('tab before the colon of a coding', 'blank_before_colon', 'Transfer-Encoding\t: chunked'),
  framed(
    'vertical tab before the colon of a coding',
    'bad_field_name',
    'Transfer-Encoding\v: chunked',
  ),
  framed('blank before a coding', 'obs_fold', 'X-A: 1', ' Transfer-Encoding: chunked'),
  framed('no colon behind a coding', 'blank_before_colon', 'Transfer-Encoding chunked'),
  framed('coding behind a bare LF', 'bare_lf', 'X-A: 1\nTransfer-Encoding: chunked'),
  framed('coding behind a bare CR', 'bare_cr', 'X-A: 1\rTransfer-Encoding: chunked'),
  framed('coding behind a NUL', 'nul_in_field', 'X-A: \0\r\nTransfer-Encoding: chunked'),
];

const OLD: readonly MalformedHead[] = [
  refused(
    'coding in HTTP/1.0',
    `${head('POST / HTTP/1.0', CHUNKED)}0\r\n\r\n${SMUGGLED}`,
    400,
    'coding_in_http10',
  ),
  refused(
    'kept coding in HTTP/1.0',
    `${head('POST / HTTP/1.0', 'Connection: keep-alive', CHUNKED)}0\r\n\r\n${SMUGGLED}`,
    400,
    'coding_in_http10',
  ),
  refused(
    'length and coding in HTTP/1.0',
    `${head('POST / HTTP/1.0', 'Content-Length: 5', CHUNKED)}0\r\n\r\n${SMUGGLED}`,
    400,
    'coding_in_http10',
  ),
  refused(
    'coding and length in HTTP/1.0',
    `${head('POST / HTTP/1.0', CHUNKED, 'Content-Length: 5')}0\r\n\r\n${SMUGGLED}`,
    400,
    'coding_in_http10',
  ),
  refused(
    'gzip in HTTP/1.0',
    `${head('POST / HTTP/1.0', 'Transfer-Encoding: gzip')}${SMUGGLED}`,
    400,
    'coding_in_http10',
  ),
];

export const MALFORMED_FRAMING: readonly MalformedHead[] = [
  ...LENGTH_AND_CODING,
  ...LENGTHS,
  ...CODINGS,
  ...OLD,
];
