import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { LIMITS } from '../../base/limits.ts';
import { FrameReader, frame } from './grpc-frames.ts';

describe('grpc frames', () => {
  it('give the same messages however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
        (messages, cuts) => {
          const bytes = Buffer.concat(messages.map(frame));
          const got: Uint8Array[] = [];
          const reader = new FrameReader((message) => got.push(message));
          let at = 0;
          for (let i = 0; at < bytes.length; i++) {
            const size = cuts[i % cuts.length] as number;
            assert.equal(reader.read(bytes.subarray(at, at + size)), null);
            at += size;
          }
          assert.deepEqual(got, messages);
          assert.equal(reader.empty, true);
        },
      ),
    );
  });

  it('are not begun where they are too large or compressed', () => {
    const large = Buffer.alloc(5);
    large.writeUInt32BE(LIMITS.calloutAnswerBytesMax + 1, 1);
    assert.equal(new FrameReader(() => {}).read(large), 'too large');
    assert.equal(new FrameReader(() => {}).read(Uint8Array.of(1, 0, 0, 0, 0)), 'compressed');
    const reader = new FrameReader(() => {});
    reader.read(Uint8Array.of(0, 0));
    assert.equal(reader.empty, false);
  });

  it('may be of any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 8 }), (chunks) => {
        const reader = new FrameReader(() => {});
        for (const chunk of chunks) if (reader.read(chunk) !== null) return;
      }),
    );
  });
});
