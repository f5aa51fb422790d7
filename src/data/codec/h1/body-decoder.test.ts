/** Bodies by length, by chunks and until the end; what breaks them, and what a limit stops. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { LIMITS } from '../../../base/limits.ts';
import { BodyDecoder } from './body-decoder.ts';

/** A decoder that writes down what it says, with chunks as text. */
class Recorder {
  readonly decoder: BodyDecoder;
  readonly events: (readonly [string, boolean] | readonly string[])[] = [];
  trailers: string[] | null = null;
  onData: () => void = () => {};

  constructor() {
    this.decoder = new BodyDecoder({
      bodyData: (chunk, end) => {
        this.events.push([chunk.toString('latin1'), end]);
        this.onData();
      },
      bodyTrailers: (fields) => {
        this.trailers = fields;
      },
    });
  }

  get body(): string {
    return this.events.map(([text]) => text).join('');
  }

  /** The offset in the last piece, or -1. */
  read(...pieces: string[]): number {
    let next = 0;
    for (const piece of pieces) {
      const chunk = Buffer.from(piece, 'latin1');
      next = this.decoder.read(chunk, 0, chunk.length);
      chunk.fill(0);
      if (next === -1) break;
    }
    return next;
  }
}

function chunked(): Recorder {
  const recorder = new Recorder();
  recorder.decoder.startChunked();
  return recorder;
}

function reasonOf(...pieces: string[]): string {
  const recorder = chunked();
  assert.equal(recorder.read(...pieces), -1);
  assert.equal(recorder.trailers, null);
  assert.ok(recorder.decoder.done, 'reads nothing more');
  return recorder.decoder.reason;
}

test('before a start there is nothing to read', () => {
  const recorder = new Recorder();
  assert.ok(recorder.decoder.done);
  assert.equal(recorder.decoder.untilClose, false);
  assert.equal(recorder.read('abc'), 0);
  assert.deepEqual(recorder.events, []);
});

suite('by length: RFC 9112 6.2', () => {
  test('in one piece, with bytes behind it', () => {
    const recorder = new Recorder();
    recorder.decoder.startLength(5);
    assert.equal(recorder.read('helloGET /'), 5);
    assert.deepEqual(recorder.events, [['hello', true]]);
    assert.ok(recorder.decoder.done);
  });

  test('in pieces', () => {
    const recorder = new Recorder();
    recorder.decoder.startLength(5);
    assert.equal(recorder.read('he'), 2);
    assert.ok(!recorder.decoder.done);
    assert.equal(recorder.read('llo'), 3);
    assert.deepEqual(recorder.events, [
      ['he', false],
      ['llo', true],
    ]);
  });

  test('from the middle of a chunk', () => {
    const recorder = new Recorder();
    recorder.decoder.startLength(3);
    assert.equal(recorder.decoder.read(Buffer.from('xxabcxx'), 2, 4), 4);
    assert.equal(recorder.decoder.read(Buffer.from('xxcxx'), 2, 5), 3);
    assert.equal(recorder.body, 'abc');
  });

  test('a chunk that is all body is handed on itself', () => {
    const chunk = Buffer.from('hello');
    let seen: Buffer | null = null;
    const decoder = new BodyDecoder({
      bodyData: (data) => {
        seen = data;
      },
      bodyTrailers: () => {},
    });
    decoder.startLength(10);
    decoder.read(chunk, 0, 5);
    assert.equal(seen, chunk);
  });

  test('beyond 32 bits', () => {
    const recorder = new Recorder();
    recorder.decoder.startLength(2 ** 33 + 1);
    assert.equal(recorder.read('a'), 1);
    assert.deepEqual(recorder.events, [['a', false]]);
  });
});

suite('until the connection closes: RFC 9112 6.3', () => {
  test('all is body, the end comes from elsewhere', () => {
    const recorder = new Recorder();
    recorder.decoder.startUntilClose();
    assert.ok(recorder.decoder.untilClose);
    assert.equal(recorder.read('a\r\n\r\n', 'b'), 1);
    assert.equal(recorder.body, 'a\r\n\r\nb');
    assert.ok(!recorder.decoder.done);
    recorder.decoder.stop();
    assert.ok(recorder.decoder.done);
    assert.equal(recorder.decoder.untilClose, false);
  });
});

suite('by chunks: RFC 9112 7.1', () => {
  test('data of each, then the end with no trailers', () => {
    const recorder = chunked();
    assert.equal(recorder.read('5\r\nhello\r\n0a\r\n0123456789\r\n0\r\n\r\nGET'), 31);
    assert.deepEqual(recorder.events, [
      ['hello', false],
      ['0123456789', false],
    ]);
    assert.deepEqual(recorder.trailers, []);
    assert.ok(recorder.decoder.done);
  });

  test('sizes in either case, with zeros before', () => {
    for (const size of ['a', 'A', '00A', '00000000000a']) {
      const recorder = chunked();
      recorder.read(`${size}\r\n0123456789\r\n0\r\n\r\n`);
      assert.equal(recorder.body, '0123456789', size);
    }
    for (const zero of ['0', '000000000000']) {
      const recorder = chunked();
      recorder.read(`${zero}\r\n\r\n`);
      assert.deepEqual(recorder.trailers, []);
    }
  });

  test('the largest size: 12 digits', () => {
    const recorder = chunked();
    assert.equal(recorder.read('ffffffffffff\r\na'), 15);
    assert.equal(recorder.body, 'a');
    assert.equal(reasonOf('1000000000000'), 'chunk_size_too_large');
    assert.equal(reasonOf('0000000000000'), 'chunk_size_too_large');
  });

  const refused: readonly (readonly [string, string])[] = [
    ['\r\n', 'bad_chunk_size'],
    ['\n', 'bad_chunk_size'],
    [';a\r\n', 'bad_chunk_size'],
    [' 5\r\n', 'bad_chunk_size'],
    ['5 \r\n', 'bad_chunk_size'],
    ['5 ;a\r\n', 'bad_chunk_size'],
    ['+5\r\n', 'bad_chunk_size'],
    ['0x5\r\n', 'bad_chunk_size'],
    ['5g\r\n', 'bad_chunk_size'],
    ['5\n', 'bare_lf'],
    ['5\rX', 'bare_cr'],
    ['5\r\nhelloX', 'chunk_longer_than_size'],
    ['5\r\nhello\n', 'chunk_longer_than_size'],
    ['5\r\nhello\rX', 'bare_cr'],
    ['5\r\nhello\r\n\r\n', 'bad_chunk_size'],
  ];
  for (const [text, reason] of refused) {
    test(`${JSON.stringify(text)}: ${reason}`, () => {
      assert.equal(reasonOf(text), reason);
      assert.equal(reasonOf(...text), reason, 'byte by byte');
    });
  }
});

suite('chunk extensions: RFC 9112 7.1.1', () => {
  for (const extension of [';a', ';a=b', ';a="b c;\t\xff"', '; \ta=b;c', ';a ']) {
    test(`dropped: ${JSON.stringify(extension)}`, () => {
      const text = `2${extension}\r\nhi\r\n0${extension}\r\n\r\n`;
      for (const pieces of [[text], [...text]]) {
        const recorder = chunked();
        recorder.read(...pieces);
        assert.equal(recorder.body, 'hi');
        assert.deepEqual(recorder.trailers, []);
      }
    });
  }

  for (const extension of [';', '; ', ';;a', ';=a', ';"a"', ';a\n', ';a\0', ';a\x7f', ';\n']) {
    test(`refused: ${JSON.stringify(extension)}`, () => {
      assert.equal(reasonOf(`2${extension}\r\nhi\r\n`), 'bad_chunk_extension');
    });
  }

  test('refused: bare CR', () => assert.equal(reasonOf('2;a\rb'), 'bare_cr'));

  test('as long as a line may be, and one byte longer', () => {
    const max = LIMITS.chunkLineBytesMax;
    const recorder = chunked();
    recorder.read(`2;${'a'.repeat(max - 1)}\r\nhi\r\n0\r\n\r\n`);
    assert.equal(recorder.body, 'hi');
    assert.equal(reasonOf(`2;${'a'.repeat(max + 1)}`), 'chunk_line_too_long');
    assert.equal(reasonOf(`2;${' '.repeat(max + 1)}`), 'chunk_line_too_long');
  });
});

suite('what framing may cost', () => {
  test('extensions add up against the data they come with', () => {
    const line = `1;${'a'.repeat(200)}\r\nx\r\n`;
    const chunks = Math.ceil(LIMITS.chunkOverheadBytesMax / (line.length - 17)) + 2;
    assert.equal(reasonOf(...Array.from({ length: chunks }, () => line)), 'chunk_overhead');
    const half = chunked();
    assert.notEqual(half.read(line.repeat(Math.floor(chunks / 2))), -1);
  });

  test('extensions on chunks that are worth them do not', () => {
    const line = `c8;${'a'.repeat(200)}\r\n${'x'.repeat(200)}\r\n`;
    assert.notEqual(chunked().read(line.repeat(2_000)), -1);
  });

  test('a long stream of tiny chunks goes on: events, tokens, key strokes', () => {
    for (const chunk of ['1\r\nx\r\n', '5\r\nhello\r\n', '14\r\n01234567890123456789\r\n']) {
      const recorder = chunked();
      const text = chunk.repeat(40_000);
      assert.ok(text.length > 2 * LIMITS.chunkOverheadBytesMax);
      assert.equal(recorder.read(text), text.length);
    }
  });

  test('is counted for each body anew', () => {
    const recorder = chunked();
    const line = `1;${'a'.repeat(200)}\r\nx\r\n`;
    for (let i = 0; i < 4; i++) {
      assert.notEqual(recorder.read(`${line.repeat(200)}0\r\n\r\n`), -1);
      recorder.decoder.startChunked();
    }
  });
});

suite('trailers: RFC 9112 7.1.2', () => {
  function trailersOf(section: string): string[] | null {
    let result: string[] | null = null;
    for (const pieces of [[`0\r\n${section}`], [...`0\r\n${section}`]]) {
      const recorder = chunked();
      assert.notEqual(recorder.read(...pieces), -1, recorder.decoder.reason);
      if (result !== null) assert.deepEqual(recorder.trailers, result);
      result = recorder.trailers;
    }
    return result;
  }

  test('are told with the end', () => {
    assert.deepEqual(trailersOf('X-T: 1\r\nx-u:2\r\n\r\n'), ['x-t', '1', 'x-u', '2']);
  });

  test('the offset is that behind the empty line, however cut', () => {
    const text = '0\r\nX-T: 1\r\n\r\n';
    for (let at = 1; at < text.length; at++) {
      const recorder = chunked();
      assert.equal(recorder.read(text.slice(0, at), `${text.slice(at)}GET`), text.length - at);
    }
    assert.equal(chunked().read('0\r\n\r', '\nGET'), 1);
  });

  test('those of framing, routing and the like are dropped: RFC 9110 6.5.1', () => {
    const names = [
      'Content-Length',
      'Transfer-Encoding',
      'Host',
      'Connection',
      'Authorization',
      'Cookie',
      'Set-Cookie',
      'Trailer',
      'TE',
      'Expect',
      'X-Forwarded-For',
      'X-Request-Id',
    ];
    const lines = names.map((name) => `${name}: 1\r\n`).join('');
    assert.deepEqual(trailersOf(`X-A: 1\r\n${lines}X-B: 2\r\n\r\n`), ['x-a', '1', 'x-b', '2']);
    assert.deepEqual(trailersOf(`${lines}\r\n`), []);
  });

  const refused: readonly (readonly [string, string])[] = [
    ['X-T : 1\r\n\r\n', 'blank_before_colon'],
    [' X-T: 1\r\n\r\n', 'obs_fold'],
    ['X-T: 1\r\n 2\r\n\r\n', 'obs_fold'],
    ['X-T\r\n\r\n', 'bad_field_name'],
    ['X-T: \0\r\n\r\n', 'nul_in_field'],
    [`${'X: 1\r\n'.repeat(LIMITS.headerCountMax + 1)}\r\n`, 'too_many_fields'],
  ];
  for (const [section, reason] of refused) {
    test(`${JSON.stringify(section.slice(0, 20))}: ${reason}`, () => {
      assert.equal(reasonOf(`0\r\n${section}`), reason);
      assert.equal(reasonOf(...`0\r\n${section}`), reason, 'byte by byte');
    });
  }

  test('line ends that can never be right are refused at once', () => {
    for (const section of ['\n', 'X: 1\n', 'X: 1\r\n\n']) {
      assert.equal(reasonOf(`0\r\n${section}`), 'bare_lf');
      assert.equal(reasonOf(...`0\r\n${section}`), 'bare_lf', 'byte by byte');
    }
    for (const section of ['\rX', 'X: 1\rX', 'X: 1\r\n\r\r']) {
      assert.equal(reasonOf(`0\r\n${section}`), 'bare_cr');
      assert.equal(reasonOf(...`0\r\n${section}`), 'bare_cr', 'byte by byte');
    }
  });

  test('as many bytes as allowed, and more: the same whole and byte by byte', () => {
    const section = (bytes: number) => `X:${'a'.repeat(bytes - 6)}\r\n\r\n`;
    const max = LIMITS.trailerBytesMax;
    assert.equal(trailersOf(section(max))?.length, 2);
    for (let more = 1; more < 6; more++) {
      assert.equal(reasonOf(`0\r\n${section(max + more)}`), 'trailers_too_large');
      assert.equal(reasonOf(...`0\r\n${section(max + more)}`), 'trailers_too_large');
    }
    assert.equal(reasonOf('0\r\n', 'X: 1\r\n'.repeat(max)), 'trailers_too_large', 'without end');
  });
});

suite('who is told may stop it', () => {
  test('in the middle of a length or of chunks', () => {
    for (const text of ['helloGET', '3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n']) {
      const recorder = new Recorder();
      if (text.startsWith('h')) recorder.decoder.startLength(10);
      else recorder.decoder.startChunked();
      recorder.onData = () => recorder.decoder.stop();
      recorder.read(text);
      assert.equal(recorder.events.length, 1);
      assert.ok(recorder.decoder.done);
      assert.equal(recorder.trailers, null);
    }
  });

  test('and start the next body with the last byte of one', () => {
    const recorder = new Recorder();
    recorder.decoder.startLength(2);
    recorder.onData = () => {
      if (recorder.events.length === 1) recorder.decoder.startChunked();
    };
    recorder.read('hi1\r\nx\r\n0\r\n\r\n');
    assert.equal(recorder.body, 'hix');
    assert.deepEqual(recorder.trailers, []);
  });
});

test('any body, in any chunks and any pieces, comes out as it was', () => {
  const text = fc.array(fc.constantFrom('a', '\r', '\n', '0', ';', '\xff'), { maxLength: 8 });
  const property = fc.property(
    fc.array(text, { maxLength: 6 }),
    fc.integer({ min: 1, max: 9 }),
    (chunks, pieceBytes) => {
      const data = chunks.map((parts) => parts.join('')).filter((part) => part !== '');
      const framed = data.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('');
      const bytes = `${framed}0\r\n\r\n`;
      const pieces = bytes.match(new RegExp(`[^]{1,${pieceBytes}}`, 'g')) as string[];
      const recorder = chunked();
      assert.notEqual(recorder.read(...pieces), -1);
      assert.equal(recorder.body, data.join(''));
      assert.deepEqual(recorder.trailers, []);
    },
  );
  fc.assert(property, { seed: 1, numRuns: 500 });
});
