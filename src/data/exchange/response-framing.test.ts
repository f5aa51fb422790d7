import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LENGTH_CHUNKED, LENGTH_NONE, LENGTH_UNTIL_CLOSE } from '../codec/h1/serialize.ts';
import type { Version } from '../codec/head.ts';
import { ResponseFraming } from './response-framing.ts';

interface Case {
  readonly method?: string;
  readonly version?: Version;
  readonly status?: number;
  readonly length?: string;
  readonly end?: boolean;
}

/** The framing of one answer and the length it announces. */
function framed(of: Case): { framing: ResponseFraming; length: number } {
  const framing = new ResponseFraming();
  framing.request({
    method: of.method ?? 'GET',
    scheme: 'http',
    authority: 'test',
    target: '/',
    version: of.version ?? 'HTTP/1.1',
    fields: [],
  });
  const fields = of.length === undefined ? [] : ['content-length', of.length];
  const head = { status: of.status ?? 200, version: 'HTTP/1.1' as const, fields };
  return { framing, length: framing.response(head, of.end ?? false) };
}

describe('the framing of an answer', () => {
  const cases: readonly (readonly [Case, number])[] = [
    [{ length: '7' }, 7],
    [{}, LENGTH_CHUNKED],
    [{ end: true }, 0],
    [{ length: '7', end: true }, 0],
    [{ version: 'HTTP/1.0' }, LENGTH_UNTIL_CLOSE],
    [{ version: 'HTTP/1.0', length: '7' }, 7],
    [{ version: 'HTTP/1.0', end: true }, 0],
    [{ method: 'HEAD', length: '7', end: true }, 7],
    [{ method: 'HEAD', end: true }, LENGTH_NONE],
    [{ method: 'HEAD', length: '7' }, 7],
    [{ status: 204, length: '7', end: true }, LENGTH_NONE],
    [{ status: 204 }, LENGTH_NONE],
    [{ status: 304, length: '7', end: true }, 7],
    [{ status: 304, end: true }, LENGTH_NONE],
    [{ length: 'seven' }, LENGTH_CHUNKED],
  ];
  for (const [of, expected] of cases) {
    it(`of ${JSON.stringify(of)} is ${expected}`, () => {
      const { framing, length } = framed(of);
      assert.equal(length, expected);
      assert.equal(framing.chunked, expected === LENGTH_CHUNKED);
      assert.equal(framing.untilClose, expected === LENGTH_UNTIL_CLOSE);
      const bodyless = of.method === 'HEAD' || of.status === 204 || of.status === 304;
      assert.equal(framing.bodyless, bodyless);
    });
  }

  it('with a length is kept to: no byte more or less', () => {
    const exact = framed({ length: '5' }).framing;
    assert.equal(exact.take(2, false), true);
    assert.equal(exact.take(3, true), true);
    assert.equal(framed({ length: '5' }).framing.take(6, false), false);
    assert.equal(framed({ length: '5' }).framing.take(4, true), false);
    const late = framed({ length: '5' }).framing;
    assert.equal(late.take(5, false), true, 'the end may come behind the last byte');
    assert.equal(late.take(0, true), true);
    assert.equal(framed({ end: true }).framing.take(1, true), false);
  });

  it('without a length takes any', () => {
    for (const one of [{}, { version: 'HTTP/1.0' as const }, { method: 'HEAD', length: '5' }]) {
      const { framing } = framed(one);
      assert.equal(framing.take(1_000, false), true);
      assert.equal(framing.take(0, true), true);
    }
  });

  it('starts anew with each answer', () => {
    const { framing } = framed({ method: 'HEAD', length: '5' });
    const head = { method: 'GET', scheme: 'http', authority: '', target: '/' } as const;
    framing.request({ ...head, version: 'HTTP/1.1', fields: [] });
    assert.equal(framing.response({ status: 200, version: 'HTTP/1.1', fields: [] }, false), -1);
    assert.equal(framing.bodyless, false);
    assert.equal(framing.take(9, true), true);
  });
});

describe('the Connection field', () => {
  it('says only what the version does not imply', () => {
    const { framing } = framed({});
    assert.equal(framing.connection(true), '');
    assert.equal(framing.connection(false), 'close');
    const old = framed({ version: 'HTTP/1.0' }).framing;
    assert.equal(old.connection(true), 'keep-alive');
    assert.equal(old.connection(false), 'close');
  });
});
