import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BodyBuffer } from '../../../data/filter/contract.ts';
import { Direction, Draft } from './draft.ts';
import { recordedRequest } from './recording.ts';

const HEAD = {
  method: 'GET',
  scheme: 'http' as const,
  authority: 'a.test',
  target: '/',
  version: 'HTTP/1.1' as const,
  fields: ['cookie', 'secret', 'x-a', '1'],
};

const passes = (verdict: string): boolean => verdict === 'pass';
const takes = (verdict: string): boolean => verdict === 'take';

class Body implements BodyBuffer {
  content = '';

  get length(): number {
    return this.content.length;
  }

  bytes(): Uint8Array {
    return Buffer.from(this.content);
  }

  replace(bytes: Uint8Array): void {
    this.content = Buffer.from(bytes).toString();
  }
}

function direction() {
  const one = new Direction(recordedRequest);
  const body = new Body();
  return {
    one,
    body,
    head: (verdict: string) => one.head({ ...HEAD }, () => verdict, passes),
    data: (chunk: string, verdict: string, edit = (text: string) => text) => {
      body.content += chunk;
      const hook = (): string => {
        body.content = edit(body.content);
        return verdict;
      };
      one.data(body, hook, passes, takes);
      if (verdict !== 'hold') body.content = '';
    },
  };
}

describe('recording of one direction', () => {
  it('keeps chunks as they came, and as they left', () => {
    const { one, head, data } = direction();
    head('pass');
    data('a', 'pass', (text) => text.toUpperCase());
    data('b', 'pass');
    assert.deepEqual(one.in.finish()?.chunks, ['a', 'b']);
    assert.deepEqual(one.out.finish()?.chunks, ['A', 'b']);
  });

  it('counts bytes that are held once', () => {
    const { one, head, data } = direction();
    head('hold');
    data('a', 'hold');
    data('b', 'hold', (text) => `${text}!`);
    assert.equal(one.out.finish(), null);
    data('c', 'pass');
    assert.deepEqual(one.in.finish()?.chunks, ['a', 'b', 'c']);
    assert.deepEqual(one.out.finish()?.chunks, ['ab!c']);
  });

  it('leaves out what the filter takes', () => {
    const { one, head, data } = direction();
    head('pass');
    data('a', 'take');
    data('b', 'pass');
    assert.deepEqual(one.in.finish()?.chunks, ['a', 'b']);
    assert.deepEqual(one.out.finish()?.chunks, ['b']);
  });

  it('lets go of what is held, from outside and from inside a hook', () => {
    const { one, head } = direction();
    head('hold');
    one.release();
    assert.notEqual(one.out.finish(), null);
    const inside = new Direction(recordedRequest);
    const hook = (): string => {
      inside.release();
      return 'hold';
    };
    inside.head(HEAD, hook, passes);
    assert.notEqual(inside.out.finish(), null);
  });

  it('lets nothing out once the exchange is answered', () => {
    const { one, head } = direction();
    one.stop();
    head('pass');
    assert.equal(one.out.finish(), null);
  });

  it('has no secrets in it', () => {
    const { one, head } = direction();
    head('pass');
    assert.deepEqual(one.in.finish()?.headers, [
      ['cookie', '(redacted)'],
      ['x-a', '1'],
    ]);
  });

  it('stops at 64 KiB and says so', () => {
    const draft = new Draft(0);
    assert.equal(draft.truncated, false);
    draft.request.in.data(new Uint8Array(70_000));
    assert.equal(draft.truncated, true);
  });

  it('keeps properties, but for those the messages have', () => {
    const draft = new Draft(0);
    draft.property('source.address', '10.0.0.1:1');
    draft.property('request.headers.x', 'old');
    draft.property('__proto__', 'x');
    assert.deepEqual(Object.keys(draft.properties), ['source.address', '__proto__']);
  });
});
