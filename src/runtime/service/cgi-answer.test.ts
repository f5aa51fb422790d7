import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { LIMITS } from '../../base/limits.ts';
import { type CgiAnswer, isCgiProblem, parseCgiAnswer } from './cgi-answer.ts';

function answer(text: string): CgiAnswer & { body: string } {
  const bytes = Buffer.from(text, 'latin1');
  const parsed = parseCgiAnswer(bytes);
  assert.ok(!isCgiProblem(parsed), JSON.stringify(parsed));
  return { ...parsed, body: bytes.toString('latin1', parsed.bodyAt) };
}

function problem(text: string): string {
  const parsed = parseCgiAnswer(Buffer.from(text, 'latin1'));
  assert.ok(isCgiProblem(parsed), JSON.stringify(parsed));
  return parsed.problem;
}

test('fields, an empty line, a body: with LF, CRLF or both', () => {
  for (const text of [
    'Content-Type: text/plain\nX-A:  1 \n\nbody\r\n',
    'Content-Type: text/plain\r\nX-A:\t1\r\n\r\nbody\r\n',
    'Content-Type:text/plain\nX-A:1\r\n\nbody\r\n',
  ]) {
    const { status, fields, body } = answer(text);
    assert.equal(status, 200);
    assert.deepEqual(fields, ['content-type', 'text/plain', 'x-a', '1']);
    assert.equal(body, 'body\r\n');
  }
});

test('Status sets the status and is not passed on', () => {
  assert.deepEqual(answer('Status: 404 Not Found\n\n'), {
    status: 404,
    fields: [],
    bodyAt: 23,
    announcedBytes: -1,
    body: '',
  });
  assert.equal(answer('status:599\n\n').status, 599);
  for (const bad of ['', '99', '100', '101', '199', '600', '2000', '20', 'OK', '+200', '0x1f4']) {
    assert.match(problem(`Status: ${bad}\n\n`), /not a status/, bad);
  }
  assert.match(problem('Status: 200\nStatus: 404\n\n'), /twice/);
});

test('Location redirects unless a status says otherwise', () => {
  assert.equal(answer('Location: https://a.example/\n\n').status, 302);
  assert.equal(answer('Location: /local\n\n').status, 302);
  assert.equal(answer('Location: /made\nStatus: 201 Created\n\n').status, 201);
  assert.match(problem('Location: /a\nLocation: /b\n\n'), /twice/);
});

test('a body without a type is passed on without one', () => {
  assert.deepEqual(answer('X-A: 1\n\nbody').fields, ['x-a', '1']);
  assert.match(problem('Content-Type: a/b\nContent-Type: c/d\n\n'), /twice/);
});

test('framing and connection fields are dropped, others kept as often as they come', () => {
  const { fields, announcedBytes } = answer(
    [
      'content-length: 999',
      'Transfer-Encoding: chunked',
      'Connection: close, x-a',
      'Keep-Alive: 5',
      'Upgrade: h2c',
      'Set-Cookie: a=1',
      'Set-Cookie: b=2',
      'Trailer: x',
      '',
      '',
    ].join('\n'),
  );
  assert.deepEqual(fields, ['set-cookie', 'a=1', 'set-cookie', 'b=2']);
  assert.equal(announcedBytes, 999);
});

test('bytes above ASCII stay what they are', () => {
  assert.deepEqual(answer('X-A: \u00e9\u00a0\n\n').fields, ['x-a', '\u00e9\u00a0']);
});

test('what is no answer says why', () => {
  assert.match(problem(''), /nothing was written/);
  assert.match(problem('\nbody'), /begins with an empty line/);
  assert.match(problem('Content-Type: text/plain'), /no empty line/);
  assert.match(problem('Content-Type: text/plain\n'), /no empty line/);
  assert.match(problem('hello world\n\n'), /without a colon: "hello world"/);
  assert.match(problem(': x\n\n'), /not a field name/);
  assert.match(problem('X A: x\n\n'), /not a field name/);
  assert.match(problem('X-A : x\n\n'), /not a field name/);
  assert.match(problem('X-A: a\n folded\n\n'), /without a colon|not a field name/);
  assert.match(problem('X-A: a\n b: c\n\n'), /not a field name/);
});

test('nobody writes a field through another: CR, NUL and other controls are refused', () => {
  for (const bad of ['a\rSet-Cookie: b', 'a\0', 'a\x1b[31m', 'a\x7f', 'a\r\r', '\x0b']) {
    assert.match(problem(`X-A: ${bad}\n\n`), /control character/, JSON.stringify(bad));
  }
});

test('the head is bounded in bytes and fields', () => {
  const long = 'x'.repeat(LIMITS.guestHeadBytesMax);
  assert.match(problem(`X-A: ${long}\n\n`), /do not end within/);
  assert.match(problem(long + long), /do not end within/);
  const many = 'x: y\n'.repeat(LIMITS.headerCountMax + 1);
  assert.match(problem(`${many}\n`), /more than 100 fields/);
  assert.equal(answer(`${'x: y\n'.repeat(LIMITS.headerCountMax)}\n`).fields.length, 200);
});

test('fuzz: any output gives an answer that can be sent, or a reason', () => {
  const piece = fc.oneof(
    fc.constantFrom('\n', '\r\n', ': ', 'Status', 'Location', 'content-type', '\r', '\0', '200 OK'),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const bytes = Buffer.from(pieces.join(''), 'latin1');
      const parsed = parseCgiAnswer(bytes);
      if (isCgiProblem(parsed)) {
        assert.ok(parsed.problem.length > 0);
        return;
      }
      assert.ok(parsed.status >= 200 && parsed.status <= 599);
      assert.ok(parsed.bodyAt <= bytes.length);
      parsed.fields.forEach((text, index) => {
        if (index % 2 === 0) assert.match(text, /^[!#$%&'*+\-.^_`|~0-9a-z]+$/);
        // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
        else assert.doesNotMatch(text, /[\x00-\x08\x0a-\x1f\x7f]/);
      });
    }),
    { numRuns: 2000 },
  );
});
