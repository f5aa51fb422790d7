import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GuestStop } from '../wasi/stop.ts';
import { OutputBuffer } from './output.ts';

const MIB = 1024 * 1024;

test('pieces are put one after the other', () => {
  const output = new OutputBuffer(MIB);
  const source = Buffer.from('abcdef');
  assert.equal(output.write(source, 1, 2), 2);
  assert.equal(output.write(source, 0, 0), 0);
  assert.equal(output.write(source, 4, 2), 2);
  assert.equal(output.written.toString(), 'bcef');
  output.clear();
  assert.equal(output.length, 0);
});

test('it grows to its bound and not beyond', () => {
  const output = new OutputBuffer(3 * MIB);
  const piece = Buffer.alloc(MIB, 'x');
  for (let i = 0; i < 3; i++) output.write(piece, 0, MIB);
  assert.equal(output.length, 3 * MIB);
  assert.throws(
    () => output.write(piece, 0, 1),
    (error) => error instanceof GuestStop && error.kind === 'output',
  );
  assert.equal(output.length, 3 * MIB);
  assert.ok(output.written.every((byte) => byte === 0x78));
});

test('after a large run it starts small, and keeps a small buffer', () => {
  const output = new OutputBuffer(4 * MIB);
  output.write(Buffer.alloc(2 * MIB), 0, 2 * MIB);
  const large = output.written.buffer;
  output.clear();
  assert.notEqual(output.written.buffer, large);
  const small = output.written.buffer;
  output.write(Buffer.from('x'), 0, 1);
  output.clear();
  assert.equal(output.written.buffer, small);
});
