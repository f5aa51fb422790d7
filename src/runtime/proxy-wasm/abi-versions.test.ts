/** What tells the versions of the ABI apart, as a guest meets it. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseModule } from '../module/binary.ts';
import { isProblem } from '../module/shape.ts';
import { assemble, op } from '../module/testing/assemble.ts';
import { ABI_0_1_0 } from './abi-0-1-0.ts';
import { ABI_0_2_0 } from './abi-0-2-0.ts';
import { ABI_0_2_1 } from './abi-0-2-1.ts';
import type { Abi } from './abi-version.ts';
import { linkerOf } from './link.ts';
import * as status from './status.ts';
import { pluginSpec } from './testing/deps.ts';
import { Tiny, tinyAssembly } from './testing/tiny.ts';
import { verifyFilter } from './verify.ts';

const OUT = 64;
const OUT2 = 68;

/** A guest of a version, whose `proxy_on_vm_start` and `proxy_on_configure` read the configuration. */
function guest(abi: Abi, extra: Parameters<typeof tinyAssembly>[0] = {}): Uint8Array {
  const exports = [
    { name: abi.marker, index: 0 },
    { name: 'malloc', index: 1 },
    { name: 'memory', kind: 'memory' as const, index: 0 },
  ];
  return assemble(tinyAssembly({ exports, ...extra }));
}

function called(tiny: Tiny, abi: Abi, name: string, args: number[]): number {
  const fn = abi.imports[name]?.bind(tiny.vm) as ((...list: number[]) => number) | undefined;
  assert.ok(fn !== undefined, name);
  tiny.vm.stream = tiny.stream;
  try {
    return fn(...args);
  } finally {
    tiny.vm.stream = null;
  }
}

describe('abi versions', () => {
  it('are served side by side, each with the functions it has', () => {
    const only = (abi: Abi, others: readonly Abi[]): string[] =>
      Object.keys(abi.imports)
        .filter((name) => !others.every((other) => name in other.imports))
        .sort();
    assert.deepEqual(only(ABI_0_1_0, [ABI_0_2_0, ABI_0_2_1]), [
      'proxy_clear_route_cache',
      'proxy_continue_request',
      'proxy_continue_response',
      'proxy_get_configuration',
    ]);
    assert.deepEqual(only(ABI_0_2_0, [ABI_0_1_0, ABI_0_2_1]), [
      'proxy_close_stream',
      'proxy_continue_stream',
    ]);
    assert.deepEqual(only(ABI_0_2_1, [ABI_0_2_0]), ['proxy_get_log_level']);
    for (const abi of [ABI_0_1_0, ABI_0_2_0, ABI_0_2_1]) {
      assert.ok(linkerOf(new WebAssembly.Module(guest(abi))) !== null, abi.version);
    }
  });

  it('want header callbacks of their own arity', () => {
    const withHeaders = (abi: Abi, params: 'i32'[]): string[] => {
      const bytes = guest(abi, {
        types: [
          { params: [], results: [] },
          { params: ['i32'], results: ['i32'] },
          { params, results: ['i32'] },
        ],
        functions: [
          { type: 0, code: [] },
          { type: 1, code: op.i32(4096) },
          { type: 2, code: op.i32(0) },
        ],
        exports: [
          { name: abi.marker, index: 0 },
          { name: 'malloc', index: 1 },
          { name: 'memory', kind: 'memory', index: 0 },
          { name: 'proxy_on_request_headers', index: 2 },
        ],
      });
      const shape = parseModule(bytes);
      return isProblem(shape) ? [shape.message] : verifyFilter(shape);
    };
    assert.deepEqual(withHeaders(ABI_0_1_0, ['i32', 'i32']), []);
    assert.deepEqual(withHeaders(ABI_0_2_0, ['i32', 'i32', 'i32']), []);
    assert.equal(withHeaders(ABI_0_1_0, ['i32', 'i32', 'i32']).length, 1);
    assert.equal(withHeaders(ABI_0_2_1, ['i32', 'i32']).length, 1);
  });

  it('0.1.0 gives an empty value for a missing field, later ones say that it is missing', () => {
    const tiny = new Tiny();
    const [at, size] = tiny.put(200, 'none');
    const args = [0, at, size, OUT, OUT2];
    tiny.vm.memory.setU32(OUT, 7);
    assert.equal(called(tiny, ABI_0_1_0, 'proxy_get_header_map_value', args), status.OK);
    assert.deepEqual([tiny.vm.memory.u32(OUT), tiny.vm.memory.u32(OUT2)], [0, 0]);
    assert.equal(called(tiny, ABI_0_2_0, 'proxy_get_header_map_value', args), status.NOT_FOUND);
    const [key, keySize] = tiny.put(200, 'a');
    const found = [0, key, keySize, OUT, OUT2];
    assert.equal(called(tiny, ABI_0_1_0, 'proxy_get_header_map_value', found), status.OK);
    assert.equal(tiny.given(OUT, OUT2), '1');
  });

  it('0.1.0 resumes each direction by a function of its own, and clears the route cache', () => {
    const tiny = new Tiny();
    assert.equal(called(tiny, ABI_0_1_0, 'proxy_continue_request', []), status.OK);
    assert.equal(called(tiny, ABI_0_1_0, 'proxy_continue_response', []), status.OK);
    assert.equal(called(tiny, ABI_0_1_0, 'proxy_clear_route_cache', []), status.OK);
    assert.deepEqual(tiny.stream.actions, ['continue 0', 'continue 1', 'clear']);
  });

  it('0.1.0 reads the configuration that the callback is about', () => {
    const read = [...op.i32(OUT), ...op.i32(OUT2), ...op.call(0), ...op.drop];
    const keep = (at: number): number[] => [
      ...op.i32(at),
      ...op.i32(OUT2),
      ...op.load,
      ...op.store,
      ...op.i32(1),
    ];
    const bytes = assemble({
      types: [
        { params: [], results: [] },
        { params: ['i32'], results: ['i32'] },
        { params: ['i32', 'i32'], results: ['i32'] },
      ],
      imports: [{ module: 'env', name: 'proxy_get_configuration', type: 2 }],
      functions: [
        { type: 0, code: [] },
        { type: 1, code: op.i32(4096) },
        { type: 2, code: [...read, ...keep(16)] },
        { type: 2, code: [...read, ...keep(20)] },
      ],
      memory: { min: 1 },
      exports: [
        { name: 'proxy_abi_version_0_1_0', index: 1 },
        { name: 'malloc', index: 2 },
        { name: 'memory', kind: 'memory', index: 0 },
        { name: 'proxy_on_vm_start', index: 3 },
        { name: 'proxy_on_configure', index: 4 },
      ],
    });
    const spec = pluginSpec('plugin', { vmConfiguration: Buffer.from('vm') });
    const tiny = new Tiny(new WebAssembly.Module(bytes), spec);
    assert.equal(tiny.problem, null);
    assert.deepEqual([tiny.vm.memory.u32(16), tiny.vm.memory.u32(20)], [2, 6]);
    assert.equal(tiny.given(OUT, OUT2), 'plugin');
  });

  it('of an unknown number are refused, those from before the numbers too', () => {
    const old = tinyAssembly({ exports: [{ name: 'proxy_onRequestHeaders', index: 0 }] });
    assert.equal(linkerOf(new WebAssembly.Module(assemble(old))), null);
  });
});
