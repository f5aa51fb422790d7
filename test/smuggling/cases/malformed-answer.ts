/** Answers of a backend that break a rule (RFC 9112 4, 6, 7), and what becomes of each. */

export interface MalformedAnswer {
  readonly name: string;
  /** latin1. */
  readonly bytes: string;
  /** What the backend does behind it. */
  readonly ending: 'wait' | 'end' | 'reset';
  /** 502 or 504; 'cut': the head had gone, so the connection is broken; 200: only what was announced passes. */
  readonly outcome: 200 | 502 | 504 | 'cut';
  /** The word the log shows. */
  readonly reason: string;
}

/** Bytes no client may ever see. */
export const POISON = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nPOISON';

function answer(
  name: string,
  bytes: string,
  outcome: MalformedAnswer['outcome'],
  reason: string,
  ending: MalformedAnswer['ending'] = 'wait',
): MalformedAnswer {
  return { name, bytes, ending, outcome, reason };
}

function bad(name: string, bytes: string, reason: string): MalformedAnswer {
  return answer(name, bytes + POISON, 502, reason);
}

/** An answer with these field lines and poison as its body. */
function fields(name: string, lines: string, reason: string): MalformedAnswer {
  return bad(name, `HTTP/1.1 200 OK\r\n${lines}\r\n\r\n`, reason);
}

function status(name: string, line: string, reason = 'bad_status_line'): MalformedAnswer {
  return bad(`status line ${name}`, `${line}\r\ncontent-length: 0\r\n\r\n`, reason);
}

const STATUS_LINES: readonly MalformedAnswer[] = [
  status('of HTTP/2.0', 'HTTP/2.0 200 OK'),
  status('of HTTP/1.2', 'HTTP/1.2 200 OK'),
  status('of HTTP/0.9', 'HTTP/0.9 200 OK'),
  status('in lower case', 'http/1.1 200 OK'),
  status('of ICY', 'ICY 200 OK'),
  status('without version', '200 OK'),
  status('without status', 'HTTP/1.1'),
  status('with a blank and no status', 'HTTP/1.1 '),
  status('with two blanks', 'HTTP/1.1  200 OK'),
  status('with a tab', 'HTTP/1.1\t200 OK'),
  status('with a status of two digits', 'HTTP/1.1 20 OK'),
  status('with a status of four digits', 'HTTP/1.1 2000 OK'),
  status('with a signed status', 'HTTP/1.1 +20 OK'),
  status('with a status of letters', 'HTTP/1.1 abc OK'),
  status('with status 000', 'HTTP/1.1 000 OK', 'bad_status'),
  status('with status 099', 'HTTP/1.1 099 OK', 'bad_status'),
  status('with status 600', 'HTTP/1.1 600 OK', 'bad_status'),
  status('with status 999', 'HTTP/1.1 999 OK', 'bad_status'),
  status('with text right behind the status', 'HTTP/1.1 200OK'),
  status('with a NUL', 'HTTP/1.1 200 O\0K'),
  status('with a control character', 'HTTP/1.1 200 O\x1bK'),
  status('with a bare CR', 'HTTP/1.1 200 O\rK'),
  status('with a bare LF', 'HTTP/1.1 200 OK\nx: y'),
  status('with a blank before', ' HTTP/1.1 200 OK'),
  bad(
    'an empty line before the status line',
    '\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
    'bad_status_line',
  ),
  bad('garbage', 'lorem ipsum\r\n\r\n', 'bad_status_line'),
  answer('garbage without end', 'lorem ipsum', 502, 'bad_first_byte'),
  answer('one wrong byte', 'h', 502, 'bad_first_byte'),
  answer('bytes of TLS', '\x15\x03\x01\0\x02\x02\x46', 502, 'bad_first_byte'),
  answer('an HTTP/2 settings frame', '\0\0\0\x04\0\0\0\0\0', 502, 'bad_first_byte'),
  answer('an SSH banner', 'SSH-2.0-OpenSSH_9.2\r\n', 502, 'bad_first_byte'),
  bad('a request for an answer', 'GET / HTTP/1.1\r\nhost: a\r\n\r\n', 'bad_status_line'),
  bad(
    'an unasked 101',
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    'unasked_upgrade',
  ),
];

const FRAMINGS: readonly MalformedAnswer[] = [
  fields(
    'length and coding',
    'content-length: 5\r\ntransfer-encoding: chunked',
    'length_and_coding',
  ),
  fields(
    'coding and length',
    'transfer-encoding: chunked\r\ncontent-length: 5',
    'length_and_coding',
  ),
  fields('two lengths', 'content-length: 5\r\ncontent-length: 6', 'repeated_length'),
  fields('two equal lengths', 'content-length: 5\r\ncontent-length: 5', 'repeated_length'),
  fields('list of lengths', 'content-length: 5, 5', 'bad_length'),
  fields('negative length', 'content-length: -5', 'bad_length'),
  fields('signed length', 'content-length: +5', 'bad_length'),
  fields('hexadecimal length', 'content-length: 0x5', 'bad_length'),
  fields('empty length', 'content-length:', 'bad_length'),
  fields('length of 2^53', 'content-length: 9007199254740992', 'bad_length'),
  fields('empty coding', 'transfer-encoding:', 'bad_coding'),
  fields('identity', 'transfer-encoding: identity', 'bad_coding'),
  fields('gzip alone', 'transfer-encoding: gzip', 'bad_coding'),
  fields('gzip and chunked', 'transfer-encoding: gzip, chunked', 'unknown_coding'),
  fields(
    'chunked twice',
    'transfer-encoding: chunked\r\ntransfer-encoding: chunked',
    'repeated_coding',
  ),
  bad(
    'coding in HTTP/1.0',
    'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
    'coding_in_http10',
  ),
  bad(
    'two lengths on 204',
    'HTTP/1.1 204 No Content\r\ncontent-length: 0\r\ncontent-length: 1\r\n\r\n',
    'repeated_length',
  ),
  bad(
    'two lengths on 103',
    'HTTP/1.1 103 Early Hints\r\ncontent-length: 0\r\ncontent-length: 1\r\n\r\n',
    'repeated_length',
  ),
];

const FIELDS: readonly MalformedAnswer[] = [
  fields('obs-fold', 'x-a: 1\r\n 2', 'obs_fold'),
  fields('obs-fold first', ' x-a: 1', 'obs_fold'),
  fields('blank before the colon', 'x-a : 1', 'blank_before_colon'),
  fields('empty name', ': 1', 'empty_field_name'),
  fields('name that is no token', 'x/a: 1', 'bad_field_name'),
  fields('no colon', 'x-a', 'bad_field_name'),
  fields('NUL in a value', 'x-a: \0', 'nul_in_field'),
  fields('NUL in a name', 'x\0a: 1', 'bad_field_name'),
  fields('control character in a value', 'x-a: \x01', 'control_in_field'),
  fields('bare CR in a value', 'x-a: 1\r2', 'bare_cr'),
  fields('bare LF in a value', 'x-a: 1\n2', 'bare_lf'),
  bad('all lines with bare LF', 'HTTP/1.1 200 OK\ncontent-length: 0\n\n', 'bad_status_line'),
  answer('bare LF without end', 'HTTP/1.1 200 OK\ncontent-length: 0\n\n', 502, 'bare_lf'),
  fields('too many fields', `${'x: 1\r\n'.repeat(100)}x: 1`, 'too_many_fields'),
  fields('huge head', `x-a: ${'a'.repeat(70_000)}`, 'head_too_large'),
  answer('endless head', `HTTP/1.1 200 OK\r\n${'x: 1\r\n'.repeat(20_000)}`, 502, 'head_too_large'),
  answer('endless status line', `HTTP/1.1 200 ${'a'.repeat(70_000)}`, 502, 'start_line_too_long'),
];

const INTERIM = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';

const ENDINGS: readonly MalformedAnswer[] = [
  bad('too many interim answers', INTERIM.repeat(17), 'too_many_informational'),
  bad('an interim answer, then garbage', `${INTERIM}lorem ipsum\r\n\r\n`, 'bad_status_line'),
  answer('an interim answer, then the end', INTERIM, 502, 'closed_before_answer', 'end'),
  answer('an interim answer, then nothing', INTERIM, 504, 'stream_idle'),
  answer('nothing, then the end', '', 502, 'closed_before_answer', 'end'),
  answer('nothing, then a reset', '', 502, 'econnreset', 'reset'),
  answer('nothing at all', '', 504, 'stream_idle'),
  answer('one byte, then the end', 'H', 502, 'closed_before_answer', 'end'),
  answer('half a status line, then the end', 'HTTP/1.1 2', 502, 'closed_before_answer', 'end'),
  answer(
    'half a head, then the end',
    'HTTP/1.1 200 OK\r\ncontent-le',
    502,
    'closed_before_answer',
    'end',
  ),
  answer('half a head, then nothing', 'HTTP/1.1 200 OK\r\ncontent-le', 504, 'stream_idle'),
  answer(
    'head without its empty line, then the end',
    'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n',
    502,
    'closed_before_answer',
    'end',
  ),
];

const HEAD = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`;

const BODIES: readonly MalformedAnswer[] = [
  answer(
    'body shorter than its length',
    `${HEAD}content-length: 10\r\n\r\nhello`,
    'cut',
    'closed_in_body',
    'end',
  ),
  answer(
    'body shorter, then silence',
    `${HEAD}content-length: 10\r\n\r\nhello`,
    'cut',
    'stream_idle',
  ),
  answer(
    'no body for its length',
    `${HEAD}content-length: 10\r\n\r\n`,
    'cut',
    'closed_in_body',
    'end',
  ),
  answer('chunks without the last', CHUNKED, 'cut', 'closed_in_body', 'end'),
  answer('half a chunk', `${CHUNKED}5\r\nhe`, 'cut', 'closed_in_body', 'end'),
  answer('last chunk without its empty line', `${CHUNKED}0\r\n`, 'cut', 'closed_in_body', 'end'),
  answer('bad chunk size', `${CHUNKED}x\r\n${POISON}`, 'cut', 'bad_chunk_size'),
  answer('signed chunk size', `${CHUNKED}+5\r\nhello\r\n0\r\n\r\n`, 'cut', 'bad_chunk_size'),
  answer('chunk size with a blank', `${CHUNKED}5 \r\nhello\r\n0\r\n\r\n`, 'cut', 'bad_chunk_size'),
  answer('chunk size with a bare LF', `${CHUNKED}5\nhello\r\n0\r\n\r\n`, 'cut', 'bare_lf'),
  answer(
    'chunk size of 2^64',
    `${CHUNKED}10000000000000000\r\n${POISON}`,
    'cut',
    'chunk_size_too_large',
  ),
  answer(
    'chunk longer than its size',
    `${CHUNKED}4\r\nhello\r\n0\r\n\r\n`,
    'cut',
    'chunk_longer_than_size',
  ),
  answer('bad trailer', `${CHUNKED}0\r\nx t: 1\r\n\r\n${POISON}`, 'cut', 'blank_before_colon'),
  answer('poison for the last chunk', `${CHUNKED}${POISON}`, 'cut', 'bad_chunk_size'),
];

const TOO_MUCH: readonly MalformedAnswer[] = [
  answer(
    'an answer behind a length',
    `${HEAD}content-length: 5\r\n\r\nhello${POISON}`,
    200,
    'via_upstream',
  ),
  answer('an answer behind chunks', `${CHUNKED}0\r\n\r\n${POISON}`, 200, 'via_upstream'),
  answer('one byte behind a length', `${HEAD}content-length: 5\r\n\r\nhello!`, 200, 'via_upstream'),
  answer('a body on 204', `HTTP/1.1 204 No Content\r\n\r\n${POISON}`, 200, 'via_upstream'),
  answer(
    'a body and a length on 204',
    `HTTP/1.1 204 No Content\r\ncontent-length: 57\r\n\r\n${POISON}`,
    200,
    'via_upstream',
  ),
  answer(
    'a body in chunks on 204',
    `HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${POISON}`,
    200,
    'via_upstream',
  ),
  answer(
    'a body on 304',
    `HTTP/1.1 304 Not Modified\r\ncontent-length: 57\r\n\r\n${POISON}`,
    200,
    'via_upstream',
  ),
];

export const MALFORMED_ANSWERS: readonly MalformedAnswer[] = [
  ...STATUS_LINES,
  ...FRAMINGS,
  ...FIELDS,
  ...ENDINGS,
  ...BODIES,
  ...TOO_MUCH,
];
