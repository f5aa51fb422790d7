import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FormatError } from '../reader.ts';
import { Instructions } from './instructions.ts';
import { OP } from './opcodes.ts';

/** `opcode` in hexadecimal and where the next instruction begins. */
function read(...code: number[]): string {
  const reader = new Instructions(Uint8Array.from(code));
  reader.next();
  return `${reader.opcode.toString(16)} ${reader.at}`;
}

const refuses = (message: RegExp, ...code: number[]): void =>
  assert.throws(
    () => read(...code),
    (error) => error instanceof FormatError && message.test(error.message),
  );

describe('instructions', () => {
  it('end where their immediates end', () => {
    const cases: [string, number[]][] = [
      ['1 1', [0x01]],
      ['20 2', [0x20, 5]],
      ['20 4', [0x20, 0x85, 0x80, 0x00]],
      ['41 2', [0x41, 0x7f]],
      ['41 6', [0x41, 0x80, 0x80, 0x80, 0x80, 0x78]],
      ['42 11', [0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f]],
      ['43 5', [0x43, 1, 2, 3, 4]],
      ['44 9', [0x44, 1, 2, 3, 4, 5, 6, 7, 8]],
      ['28 3', [0x28, 2, 0]],
      ['28 5', [0x28, 2, 0x80, 0x80, 1]],
      ['28 4', [0x28, 0x42, 1, 0]],
      ['2 2', [0x02, 0x40]],
      ['2 3', [0x02, 0xc0, 0x00]],
      ['2 3', [0x02, 0x63, 0x70]],
      ['e 5', [0x0e, 2, 0, 1, 2]],
      ['11 3', [0x11, 4, 0]],
      ['1c 3', [0x1c, 1, 0x7f]],
      ['1f 8', [0x1f, 0x40, 2, 0, 3, 1, 2, 0]],
      ['d0 2', [0xd0, 0x70]],
      ['fc00 2', [0xfc, 0]],
      ['fc0a 4', [0xfc, 10, 0, 0]],
      ['fc0f 3', [0xfc, 15, 0]],
      ['fd0c 18', [0xfd, 12, ...Buffer.alloc(16)]],
      ['fd15 3', [0xfd, 21, 1]],
      ['fd54 5', [0xfd, 84, 0, 0, 1]],
      ['fd0100 3', [0xfd, 0x80, 0x02]],
      ['fe03 3', [0xfe, 3, 0]],
      ['fe10 4', [0xfe, 16, 2, 0]],
    ];
    for (const [expected, code] of cases) {
      assert.equal(read(...code.slice(0, Number(expected.split(' ')[1])), 0), expected);
    }
  });

  it('tell labels and indices', () => {
    const reader = new Instructions(Uint8Array.of(0x0e, 2, 7, 8, 9, 0x10, 0x81, 0x01));
    reader.next();
    assert.equal(reader.opcode, OP.brTable);
    assert.deepEqual(reader.labels.slice(0, reader.labelCount), [7, 8, 9]);
    reader.next();
    assert.equal(reader.index, 129);
  });

  it('are refused where their length is not known', () => {
    for (const opcode of [0x16, 0x1d, 0x27, 0xc5, 0xcf, 0xd3, 0xd7, 0xfa, 0xff]) {
      refuses(/^unknown instruction 0x/, opcode, 0);
    }
    refuses(/^unknown instruction 0xfc12$/, 0xfc, 0x12);
    refuses(/^unknown instruction 0xfd9a$/, 0xfd, 0x9a, 0x01);
    refuses(/^unknown instruction 0xfd0114$/, 0xfd, 0x94, 0x02);
    refuses(/^unknown instruction 0xfe04$/, 0xfe, 0x04);
    refuses(/^uses garbage-collected types/, 0xfb, 0);
  });

  it('are refused where they are malformed or cut', () => {
    refuses(/number too long/, 0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0);
    refuses(/malformed alignment/, 0x28, 0x80, 0x01, 0);
    refuses(/malformed catch clause/, 0x1f, 0x40, 1, 4, 0, 0);
    refuses(/malformed value type/, 0x1c, 1, 0x20);
    for (const code of [[0x20], [0x41], [0x28, 2], [0x44, 1, 2], [0xfd, 12, 1], [0x0e, 9, 1]]) {
      refuses(/end|left|fit|middle/, ...code);
    }
  });
});
