/** A guest with nothing but memory and an allocator, and a stream, to make host calls from outside. */

import assert from 'node:assert/strict';
import { type Assembly, assemble, op } from '../../module/testing/assemble.ts';
import { ABI_0_2_1 } from '../abi-0-2-1.ts';
import type { PluginSpec } from '../host.ts';
import { linkerOf } from '../link.ts';
import { MetricTable } from '../metric-table.ts';
import type { GuestBody, GuestReply, PropertyValue } from '../stream.ts';
import { GuestStream } from '../stream.ts';
import { Vm, type VmOwner } from '../vm.ts';
import { pluginSpec, type TestDeps, testDeps } from './deps.ts';

export const ALLOCATED_AT = 4096;
const CALL = 0;
const ALLOCATE = 1;

/** Types 0: ()->(), 1: (i32)->i32. Functions 0: the marker, 1: an allocator that gives one address. */
export function tinyAssembly(
  changes: Partial<Assembly> = {},
  allocatedAt = ALLOCATED_AT,
): Assembly {
  return {
    types: [
      { params: [], results: [] },
      { params: ['i32'], results: ['i32'] },
    ],
    functions: [
      { type: CALL, code: [] },
      { type: ALLOCATE, code: op.i32(allocatedAt) },
    ],
    memory: { min: 1, max: 4 },
    exports: [
      { name: 'proxy_abi_version_0_2_1', index: 0 },
      { name: 'malloc', index: 1 },
      { name: 'memory', kind: 'memory', index: 0 },
    ],
    ...changes,
  };
}

export const tinyModule = (
  changes: Partial<Assembly> = {},
  allocatedAt = ALLOCATED_AT,
): WebAssembly.Module => new WebAssembly.Module(assemble(tinyAssembly(changes, allocatedAt)));

class Body implements GuestBody {
  #bytes: Uint8Array;

  constructor(text: string) {
    this.#bytes = Buffer.from(text);
  }

  get length(): number {
    return this.#bytes.length;
  }

  bytes(): Uint8Array {
    return this.#bytes;
  }

  replace(bytes: Uint8Array): void {
    this.#bytes = bytes;
  }
}

/** A request with headers, an answer and bodies, all of it editable. */
export class TinyStream extends GuestStream {
  readonly maps: (string[] | null)[] = [
    ['a', '1', 'b', '2', 'a', '3'],
    null,
    ['server', 'x'],
    ['t', '1'],
  ];
  readonly bodies: Body[] = [new Body('question'), new Body('answer')];
  readonly actions: string[] = [];
  readonly replies: GuestReply[] = [];
  readonly values = new Map<string, Uint8Array>();
  readonly properties: Record<string, PropertyValue> = {};

  fields(map: number): string[] | null {
    return this.maps[map] ?? null;
  }

  editable(): boolean {
    return true;
  }

  pseudoFields(map: number): readonly string[] {
    return map === 0 ? [':method', 'GET'] : [];
  }

  pseudoField(map: number, name: string): string | undefined {
    return map === 0 && name === ':method' ? 'GET' : undefined;
  }

  setPseudoField(): boolean {
    return false;
  }

  makeTrailers(): string[] | null {
    return null;
  }

  edited(map: number): void {
    this.actions.push(`edited ${map}`);
  }

  body(buffer: number): GuestBody | null {
    return this.bodies[buffer] ?? null;
  }

  property(path: readonly string[]): PropertyValue | undefined {
    return this.properties[path.join('.')];
  }

  ownProperty(path: string): Uint8Array | undefined {
    return this.values.get(path);
  }

  setOwnProperty(path: string, value: Uint8Array): void {
    this.values.set(path, value);
  }

  clearRouteCache(): void {
    this.actions.push('clear');
  }

  reply(reply: GuestReply): void {
    this.replies.push(reply);
  }

  continueStream(type: number): void {
    this.actions.push(`continue ${type}`);
  }

  closeStream(type: number): void {
    this.actions.push(`close ${type}`);
  }
}

export class Tiny implements VmOwner {
  readonly spec: PluginSpec;
  readonly deps: TestDeps;
  readonly metrics: MetricTable;
  readonly vm: Vm;
  readonly stream: TinyStream;
  /** Why it did not start; null when it did. */
  readonly problem: string | null;
  readonly deaths: string[] = [];
  finished = 0;

  constructor(module: WebAssembly.Module = tinyModule(), spec = pluginSpec('configuration')) {
    this.spec = spec;
    this.deps = testDeps();
    this.metrics = new MetricTable(this.deps.metrics, spec.id);
    this.deps.budget.acquire();
    this.vm = new Vm(this);
    const bind = linkerOf(module);
    assert.ok(bind !== null);
    this.problem = this.vm.start(module, bind);
    this.stream = new TinyStream(this.vm);
  }

  vmDied(_vm: Vm, reason: string): void {
    this.deaths.push(reason);
  }

  vmFinished(): void {
    this.finished++;
  }

  /** Makes a host call about the stream (or the root), as the guest would. */
  call(name: string, args: readonly (number | bigint)[], root = false): number {
    const hostCall = ABI_0_2_1.imports[name];
    assert.ok(hostCall !== undefined, name);
    const fn = hostCall.bind(this.vm) as (...args: readonly (number | bigint)[]) => number;
    this.vm.stream = root ? null : this.stream;
    try {
      return fn(...args);
    } finally {
      this.vm.stream = null;
    }
  }

  /** Puts text at an address of guest memory; its address and length. */
  put(at: number, value: string | Uint8Array): [number, number] {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
    this.vm.memory.setBytes(at, bytes);
    return [at, bytes.length];
  }

  /** What a call gave: the address and size are at these two places. */
  given(atOut: number, sizeOut: number): string {
    const { memory } = this.vm;
    return memory.text(memory.u32(atOut), memory.u32(sizeOut));
  }
}
