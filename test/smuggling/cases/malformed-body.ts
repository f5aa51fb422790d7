/** Bodies whose framing breaks after the head was good (RFC 9112 7.1). */

export interface MalformedBody {
  readonly name: string;
  /** What follows the head of a chunked POST, latin1. */
  readonly bytes: string;
  /** The word the log shows. */
  readonly reason: string;
}

import { SMUGGLED } from '../support/text.ts';

function broken(name: string, bytes: string, reason: string): MalformedBody {
  return { name, bytes: bytes + SMUGGLED, reason };
}

/** A chunk-size line, then data and an end that fit a size of 5. */
function size(name: string, line: string, reason = 'bad_chunk_size'): MalformedBody {
  return broken(`chunk size ${name}`, `${line}hello\r\n0\r\n\r\n`, reason);
}

function trailer(name: string, bytes: string, reason: string): MalformedBody {
  return broken(`trailers: ${name}`, `5\r\nhello\r\n0\r\n${bytes}`, reason);
}

const SIZES: readonly MalformedBody[] = [
  size('empty', '\r\n'),
  size('missing, an extension only', ';a\r\n'),
  size('with a blank before', ' 5\r\n'),
  size('with a tab before', '\t5\r\n'),
  size('with a blank behind', '5 \r\n'),
  size('with a tab behind', '5\t\r\n'),
  size('with a blank before an extension', '5 ;a\r\n'),
  size('with a blank inside', '0 5\r\n'),
  size('with a plus', '+5\r\n'),
  size('with a minus', '-5\r\n'),
  size('minus nothing', '-0\r\n'),
  size('with 0x', '0x5\r\n'),
  size('with x', 'x5\r\n'),
  size('with an h', '5h\r\n'),
  size('of a letter beyond f', 'g\r\n'),
  size('with a fraction', '5.0\r\n'),
  size('with an underscore', '0_5\r\n'),
  size('with a comma', '5,5\r\n'),
  size('with an equals sign', '5=a\r\n'),
  size('in quotes', '"5"\r\n'),
  size('with a NUL', '5\0\r\n'),
  size('with a vertical tab', '5\v\r\n'),
  size('with obs-text', '5\xa0\r\n'),
  size('of a superscript digit', '\xb2\r\n'),
  size('with a bare LF', '5\n', 'bare_lf'),
  size('after a bare LF', '\n5\r\n'),
  size('after an empty line', '\r\n5\r\n'),
  size('with a bare CR', '5\r', 'bare_cr'),
  size('with CR CR LF', '5\r\r\n', 'bare_cr'),
  size('of 13 digits', '1000000000005\r\n', 'chunk_size_too_large'),
  size('of 2^64 + 5', '10000000000000005\r\n', 'chunk_size_too_large'),
  size('of 2^32 + 5 in 13 digits', '0000100000005\r\n', 'chunk_size_too_large'),
  size('of endless zeros', `${'0'.repeat(1_000)}5\r\n`, 'chunk_size_too_large'),
  size('of endless f', `${'f'.repeat(1_000)}\r\n`, 'chunk_size_too_large'),
];

const EXTENSIONS: readonly MalformedBody[] = [
  size('and an extension with no name', '5;\r\n', 'bad_chunk_extension'),
  size('and an extension of blanks', '5; \t\r\n', 'bad_chunk_extension'),
  size('and an extension with an empty name', '5;=a\r\n', 'bad_chunk_extension'),
  size('and two semicolons', '5;;a\r\n', 'bad_chunk_extension'),
  size('and a quoted extension name', '5;"a"\r\n', 'bad_chunk_extension'),
  size('and an extension with a bare LF', '5;a\n', 'bad_chunk_extension'),
  size('and a semicolon and a bare LF', '5;\n', 'bad_chunk_extension'),
  size('and a bare LF in a quoted value', '5;a="\n"\r\n', 'bad_chunk_extension'),
  size('and an extension with a bare CR', '5;a\rb\r\n', 'bare_cr'),
  size('and an extension with a NUL', '5;a=\0\r\n', 'bad_chunk_extension'),
  size('and an extension with a control character', '5;a=\x01\r\n', 'bad_chunk_extension'),
  size('and an extension with a DEL', '5;a\x7f\r\n', 'bad_chunk_extension'),
  size('and an extension too long', `5;${'a'.repeat(257)}\r\n`, 'chunk_line_too_long'),
  size('and an extension of blanks without end', `5;${' '.repeat(1_000)}`, 'chunk_line_too_long'),
  size('and many extensions', `5${';a=b'.repeat(100)}\r\n`, 'chunk_line_too_long'),
  broken(
    'extensions that cost far more than the data',
    `1;${'a'.repeat(250)}\r\nx\r\n`.repeat(300),
    'chunk_overhead',
  ),
];

const DATA: readonly MalformedBody[] = [
  broken('data longer than its size', '4\r\nhello\r\n0\r\n\r\n', 'chunk_longer_than_size'),
  broken('data shorter than its size', '7\r\nhello\r\n0\r\n\r\n', 'chunk_longer_than_size'),
  broken('data far shorter than its size', '6\r\nhello\r\n0\r\n\r\n', 'chunk_longer_than_size'),
  broken('no CRLF behind data', '5\r\nhello0\r\n\r\n', 'chunk_longer_than_size'),
  broken('LF behind data', '5\r\nhello\n0\r\n\r\n', 'chunk_longer_than_size'),
  broken('CR behind data', '5\r\nhello\r0\r\n\r\n', 'bare_cr'),
  broken('CR CR LF behind data', '5\r\nhello\r\r\n0\r\n\r\n', 'bare_cr'),
  broken('blank behind data', '5\r\nhello \r\n0\r\n\r\n', 'chunk_longer_than_size'),
  broken('two CRLF behind data', '5\r\nhello\r\n\r\n0\r\n\r\n', 'bad_chunk_size'),
  broken('second size broken', '5\r\nhello\r\n5x\r\nhello\r\n0\r\n\r\n', 'bad_chunk_size'),
  broken('no last chunk, a request instead', '5\r\nhello\r\n', 'bad_chunk_size'),
  broken('no last chunk, an empty line instead', '5\r\nhello\r\n\r\n', 'bad_chunk_size'),
  broken('no chunk at all', 'hello', 'bad_chunk_size'),
  broken('last chunk with a bare LF', '0\n\n', 'bare_lf'),
  broken('last chunk with a bare CR', '0\r\r\n', 'bare_cr'),
  broken('last chunk with a blank', '0 \r\n\r\n', 'bad_chunk_size'),
  broken('last chunk with a sign', '-0\r\n\r\n', 'bad_chunk_size'),
];

const TRAILERS: readonly MalformedBody[] = [
  trailer('bare LF for the empty line', '\n', 'bad_field_name'),
  trailer('bare CR for the empty line', '\r', 'bad_field_name'),
  trailer('bare LF', 'X-T: 1\n\r\n', 'bare_lf'),
  trailer('bare LF and LF', 'X-T: 1\n\n', 'bare_lf'),
  trailer('bare CR', 'X-T: 1\r2\r\n\r\n', 'bare_cr'),
  trailer('no colon', 'X-T\r\n\r\n', 'bad_field_name'),
  trailer('a request instead', SMUGGLED, 'blank_before_colon'),
  trailer('empty name', ': 1\r\n\r\n', 'empty_field_name'),
  trailer('blank before the colon', 'X-T : 1\r\n\r\n', 'blank_before_colon'),
  trailer('no token as name', 'X/T: 1\r\n\r\n', 'bad_field_name'),
  trailer('obs-fold', 'X-T: 1\r\n 2\r\n\r\n', 'obs_fold'),
  trailer('blank first', ' X-T: 1\r\n\r\n', 'obs_fold'),
  trailer('NUL', 'X-T: \0\r\n\r\n', 'nul_in_field'),
  trailer('control character', 'X-T: \x01\r\n\r\n', 'control_in_field'),
  trailer('a bad line behind a good one', 'X-T: 1\r\nX U: 2\r\n\r\n', 'blank_before_colon'),
  trailer(
    'a forbidden field is still read strictly',
    'Content-Length : 5\r\n\r\n',
    'blank_before_colon',
  ),
  trailer('too many', `${'X: 1\r\n'.repeat(101)}\r\n`, 'too_many_fields'),
  trailer('too large', `X-T: ${'a'.repeat(16 * 1024)}\r\n\r\n`, 'trailers_too_large'),
  trailer('too large and without end', 'X-T: 1\r\n'.repeat(4_000), 'trailers_too_large'),
];

export const MALFORMED_BODIES: readonly MalformedBody[] = [
  ...SIZES,
  ...EXTENSIONS,
  ...DATA,
  ...TRAILERS,
];
