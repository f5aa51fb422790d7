import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { readPairs } from '../pairs.ts';
import {
  BAD_ARGUMENT,
  INTERNAL_FAILURE,
  NO_BYTES,
  NOT_FOUND,
  SERIALIZATION_FAILURE,
} from '../status.ts';
import { Tiny } from '../testing/tiny.ts';
import { Expressions } from './expressions.ts';

let tiny: Tiny;
let expressions: Expressions;

beforeEach(() => {
  tiny = new Tiny();
  Object.assign(tiny.stream.properties, {
    'request.path': '/shop/7',
    'request.size': 12,
    'request.headers': ['a', '1', 'b', '2', 'a', '3'],
    'request.headers.a': '1,3',
    'request.time': 1_700_000_000_123_000_000n,
    'connection.mtls': false,
  });
  expressions = new Expressions(tiny.vm);
});

function evaluate(text: string): Uint8Array | number {
  const token = expressions.create(Buffer.from(text));
  if (typeof token === 'number') return token;
  tiny.vm.stream = tiny.stream;
  const result = expressions.evaluate(token);
  tiny.vm.stream = null;
  return result;
}

const isTrue = (text: string): void => assert.deepEqual(evaluate(text), Uint8Array.of(1), text);
const int = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
};

describe('foreign functions expr_*', () => {
  it('evaluate over properties of the request, the plugin and the proxy', () => {
    isTrue('request.path == "/shop/7" && request.size == 12');
    isTrue('request.headers["a"] == "1,3" && "b" in request.headers');
    isTrue('!has(request.host) && !connection.mtls');
    isTrue('plugin_root_id == "root" && xds.node.id == "node-1"');
    isTrue('request.time < timestamp("2026-01-01T00:00:00Z")');
    isTrue('[1, 2].exists(x, x == request.size - 10)');
  });

  it('give each type as properties are encoded', () => {
    assert.deepEqual(evaluate('request.path'), Buffer.from('/shop/7'));
    assert.deepEqual(evaluate('request.size + 1'), int(13n));
    assert.deepEqual(evaluate('3u'), int(3n));
    assert.deepEqual(evaluate('b"ab"'), new Uint8Array(Buffer.from('ab')));
    assert.deepEqual(evaluate('duration("2s")'), int(2_000_000_000n));
    assert.deepEqual(evaluate('request.time'), int(1_700_000_000_123_000_000n));
    const half = evaluate('0.5');
    assert.equal(Buffer.from(half as Uint8Array).readDoubleLE(), 0.5);
    assert.equal(evaluate('null'), SERIALIZATION_FAILURE);
    const list = Buffer.from(evaluate('["x", "y"]') as Uint8Array);
    assert.deepEqual(readPairs(list, 0, list.length), ['x', '', 'y', '']);
    const map = Buffer.from(evaluate('{"k": "v"}') as Uint8Array);
    assert.deepEqual(readPairs(map, 0, map.length), ['k', 'v']);
  });

  it('match by RE2, in linear time', () => {
    isTrue('request.path.matches("^/shop/[0-9]+$")');
    isTrue('!("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!".matches("^(a+)+$"))');
    isTrue('["b", "ab"].exists(x, x.matches("a"))');
    assert.equal(evaluate('"a".matches("(?=a)")'), INTERNAL_FAILURE);
  });

  it('refuse what cannot be parsed, and loops inside loops', () => {
    assert.equal(evaluate('1 +'), BAD_ARGUMENT);
    assert.equal(evaluate('[1].all(x, [2].all(y, x < y))'), BAD_ARGUMENT);
    assert.equal(evaluate('[1].map(x, x).all(x, [[2].size()].exists(y, y == x))'), BAD_ARGUMENT);
    assert.equal(evaluate('x'.repeat(20_000)), BAD_ARGUMENT);
    isTrue('[1, 2].map(x, x + 1).all(x, x > 1)');
  });

  it('fail where a name is unknown', () => {
    assert.equal(evaluate('nothing == 1'), INTERNAL_FAILURE);
    assert.equal(evaluate('request.nothing == 1'), INTERNAL_FAILURE);
  });

  it('keep expressions by token until they are deleted', () => {
    const first = expressions.create(Buffer.from('1')) as Uint8Array;
    const second = expressions.create(Buffer.from('2')) as Uint8Array;
    assert.notDeepEqual(first, second);
    assert.deepEqual(expressions.evaluate(second), int(2n));
    assert.deepEqual(expressions.delete(first), NO_BYTES);
    assert.equal(expressions.evaluate(first), NOT_FOUND);
    assert.equal(expressions.evaluate(Uint8Array.of(1)), BAD_ARGUMENT);
    assert.equal(expressions.delete(Uint8Array.of(1)), BAD_ARGUMENT);
  });

  it('are bounded in number', () => {
    for (let i = 0; i < 1_000; i++)
      assert.ok(expressions.create(Buffer.from('1')) instanceof Buffer);
    assert.equal(expressions.create(Buffer.from('1')), BAD_ARGUMENT);
  });

  it('take any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const fresh = new Expressions(tiny.vm);
        const made = fresh.create(Buffer.from(text));
        const result = typeof made === 'number' ? made : fresh.evaluate(made);
        assert.ok(result instanceof Uint8Array || [2, 3, 10].includes(result));
      }),
      { numRuns: 300 },
    );
  });
});
