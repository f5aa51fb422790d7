/**
 * Every host call with arguments of any kind: nothing but a status comes out, and with memory that
 * is in order only a status the Rust SDK survives.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { WASI_SIGNATURES } from '../wasi/signatures.ts';
import { ABI_0_2_1 } from './abi-0-2-1.ts';
import { bindWasi } from './calls/wasi.ts';
import { Tiny } from './testing/tiny.ts';
import { GuestExit } from './vm.ts';

/** Statuses beside OK; those of memory and enum range come only from arguments no SDK passes. */
const SURVIVED: Readonly<Record<string, readonly number[]>> = {
  proxy_get_header_map_value: [1],
  proxy_get_header_map_size: [1],
  proxy_get_buffer_bytes: [1],
  proxy_get_buffer_status: [1],
  proxy_get_property: [1, 3, 10],
  proxy_get_shared_data: [1],
  proxy_set_shared_data: [8],
  proxy_resolve_shared_queue: [1],
  proxy_enqueue_shared_queue: [1],
  proxy_dequeue_shared_queue: [1, 7],
  proxy_http_call: [2, 10],
  proxy_grpc_call: [4, 10],
  proxy_grpc_stream: [4, 10],
  proxy_grpc_send: [1, 2],
  proxy_grpc_cancel: [1],
  proxy_grpc_close: [1],
  proxy_record_metric: [1],
  proxy_increment_metric: [1, 2],
  proxy_get_metric: [1, 2],
  proxy_set_effective_context: [2],
  proxy_call_foreign_function: [1, 2, 3, 10],
  proxy_done: [1],
  pthread_equal: [1],
};
/** First arguments that are enums, and how many values they have. */
const ENUMS: Readonly<Record<string, number>> = {
  proxy_log: 6,
  proxy_get_header_map_value: 8,
  proxy_get_header_map_pairs: 8,
  proxy_set_header_map_pairs: 8,
  proxy_add_header_map_value: 8,
  proxy_replace_header_map_value: 8,
  proxy_remove_header_map_value: 8,
  proxy_get_header_map_size: 8,
  proxy_get_buffer_bytes: 9,
  proxy_get_buffer_status: 9,
  proxy_set_buffer_bytes: 9,
  // The fourth, upstream, is not implemented, as in Envoy.
  proxy_continue_stream: 3,
  proxy_close_stream: 4,
  proxy_define_metric: 3,
};

const names = Object.keys(ABI_0_2_1.imports);
const parameters = (signature: string): string[] =>
  signature
    .slice(1, signature.indexOf(')'))
    .split(',')
    .filter((type) => type !== '');

const wild = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 65_000, max: 66_000 }),
  fc.integer(),
);

function args(signature: string, numbers: readonly number[]): (number | bigint)[] {
  return parameters(signature).map((type, i) => {
    const value = numbers[i] ?? 0;
    return type === 'i64' ? BigInt(value) : value;
  });
}

describe('abi: any arguments', () => {
  it('answers every call with a status', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(wild, { minLength: 12, maxLength: 12 }),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.boolean(),
        (name, numbers, noise, root) => {
          const tiny = new Tiny();
          tiny.put(0, noise);
          const call = ABI_0_2_1.imports[name];
          const got = tiny.call(name, args(call?.signature ?? '', numbers), root);
          assert.ok([0, 1, 2, 3, 4, 6, 7, 8, 10, 12].includes(got), `${name} gave ${got}`);
          assert.equal(tiny.vm.dead, false);
          tiny.vm.discard();
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('gives the Rust SDK no status it would die of', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 12, maxLength: 12 }),
        fc.uint8Array({ minLength: 500, maxLength: 500 }),
        fc.boolean(),
        (name, numbers, noise, root) => {
          const tiny = new Tiny();
          tiny.put(0, noise);
          const count = ENUMS[name];
          const first = count === undefined ? numbers[0] : (numbers[0] ?? 0) % count;
          const call = ABI_0_2_1.imports[name];
          const list = args(call?.signature ?? '', [first ?? 0, ...numbers.slice(1)]);
          const got = tiny.call(name, list, root);
          assert.ok(got === 0 || SURVIVED[name]?.includes(got), `${name} gave ${got}`);
          tiny.vm.discard();
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('answers every WASI call with an error number or the end of the guest', () => {
    const signatures = WASI_SIGNATURES['wasi_snapshot_preview1'] ?? {};
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(signatures)),
        fc.array(wild, { minLength: 9, maxLength: 9 }),
        (name, numbers) => {
          const tiny = new Tiny();
          const fn = bindWasi(tiny.vm, 'wasi_snapshot_preview1')[name] as (
            ...list: unknown[]
          ) => number;
          try {
            const got = fn(...args(signatures[name] ?? '', numbers));
            assert.ok(Number.isInteger(got) && got >= 0 && got <= 76, `${name} gave ${got}`);
          } catch (error) {
            assert.ok(error instanceof GuestExit, String(error));
          }
          tiny.vm.discard();
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
