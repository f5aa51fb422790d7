/**
 * The foreign functions `expr_create`, `expr_evaluate` and `expr_delete`: expressions in CEL over
 * the properties of the request. An expression belongs to the guest that made it.
 *
 * The parser and evaluator are a package, loaded by the first expression. It has no bound on time,
 * so what could take long is kept out: loops inside loops, long literals, and its `matches`, which
 * runs on V8's backtracking engine; RE2's takes its place.
 */

import { createRequire } from 'node:module';
import type { ASTNode, ParseResult } from '@marcbachmann/cel-js';
import { encodePairs } from '../pairs.ts';
import {
  BAD_ARGUMENT,
  INTERNAL_FAILURE,
  NO_BYTES,
  NOT_FOUND,
  SERIALIZATION_FAILURE,
} from '../status.ts';
import type { PropertyValue } from '../stream.ts';
import type { Vm } from '../vm.ts';
import { findProperty } from './properties.ts';

type Cel = typeof import('@marcbachmann/cel-js');
type Re2 = typeof import('re2js');

/** Of one guest. */
const EXPRESSIONS_MAX = 1_000;
const TEXT_BYTES_MAX = 16 * 1024;
const LIMITS_OF_PARSER = {
  maxAstNodes: 1_000,
  maxDepth: 64,
  maxListElements: 100,
  maxMapEntries: 100,
  maxCallArguments: 16,
};
const LOOPS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
const LINEAR_MATCHES = 'linearMatches';
const TOKEN_BYTES = 4;

/** Properties that are times in CEL, and numbers of nanoseconds elsewhere. */
const TIMES: ReadonlySet<string> = new Set(['request.time']);

/** The expressions of one guest. */
export class Expressions {
  readonly #vm: Vm;
  readonly #parsed = new Map<number, ParseResult>();
  #next = 0;

  constructor(vm: Vm) {
    this.#vm = vm;
  }

  /** The token as four bytes. */
  create(argument: Uint8Array): Uint8Array | number {
    if (argument.length > TEXT_BYTES_MAX || this.#parsed.size >= EXPRESSIONS_MAX) {
      this.#vm.warn('an expression was not made: it is too long, or the filter has too many');
      return BAD_ARGUMENT;
    }
    const parsed = parse(Buffer.from(argument).toString());
    if (typeof parsed === 'string') {
      this.#vm.warn(`an expression was not made: ${parsed}`);
      return BAD_ARGUMENT;
    }
    while (this.#parsed.has(this.#next)) this.#next++;
    const token = this.#next++;
    this.#parsed.set(token, parsed);
    const bytes = Buffer.alloc(TOKEN_BYTES);
    bytes.writeUInt32LE(token);
    return bytes;
  }

  evaluate(argument: Uint8Array): Uint8Array | number {
    if (argument.length !== TOKEN_BYTES) return BAD_ARGUMENT;
    const parsed = this.#parsed.get(Buffer.from(argument).readUInt32LE());
    if (parsed === undefined) return NOT_FOUND;
    try {
      return encode(parsed(attributes(this.#vm)));
    } catch (error) {
      this.#vm.warn(`an expression failed: ${firstLine(error)}`);
      return INTERNAL_FAILURE;
    }
  }

  delete(argument: Uint8Array): Uint8Array | number {
    if (argument.length !== TOKEN_BYTES) return BAD_ARGUMENT;
    this.#parsed.delete(Buffer.from(argument).readUInt32LE());
    return NO_BYTES;
  }
}

const load = createRequire(import.meta.url);
let environment: InstanceType<Cel['Environment']> | undefined;

function celEnvironment(): InstanceType<Cel['Environment']> {
  if (environment !== undefined) return environment;
  const { Environment } = load('@marcbachmann/cel-js') as Cel;
  const { RE2JS } = load('re2js') as Re2;
  environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    limits: LIMITS_OF_PARSER,
  });
  const matches = (text: string, pattern: string): boolean =>
    RE2JS.compile(pattern).matcher(text).find();
  environment.registerFunction(`string.${LINEAR_MATCHES}(string): bool`, matches);
  return environment;
}

/** The expression, or what is wrong with it. */
function parse(text: string): ParseResult | string {
  try {
    const parsed = celEnvironment().parse(text);
    return prepare(parsed.ast, false) ? parsed : 'a loop stands inside a loop';
  } catch (error) {
    return firstLine(error);
  }
}

/** Puts our `matches` in the place of the package's; false where loops are nested. */
function prepare(node: ASTNode, inLoop: boolean): boolean {
  const { args } = node as { readonly args: unknown };
  let loops = inLoop;
  if (node.op === 'rcall') {
    const call = args as [name: string, receiver: ASTNode, rest: ASTNode[]];
    if (call[0] === 'matches') call[0] = LINEAR_MATCHES;
    if (LOOPS.has(call[0])) {
      if (inLoop) return false;
      if (!prepare(call[1], false)) return false;
      loops = true;
      return call[2].every((one) => prepare(one, loops));
    }
  }
  return nodesIn(args).every((one) => prepare(one, loops));
}

function nodesIn(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(nodesIn);
  const isNode = typeof args === 'object' && args !== null && 'op' in args;
  return isNode ? [args as ASTNode] : [];
}

/** Top-level names, looked up as the expression asks for them. */
function attributes(vm: Vm): Record<string, unknown> {
  return new Proxy({}, { get: (_, name) => attribute(vm, [String(name)]) });
}

/** A value, or a map of what is below the path. */
function attribute(vm: Vm, path: readonly string[]): unknown {
  const name = path.join('.');
  if (BRANCHES.has(name)) return branch(vm, path);
  const value = findProperty(vm, path);
  return value === undefined ? undefined : celValue(name, value);
}

const BRANCHES: ReadonlySet<string> = new Set([
  'request',
  'response',
  'connection',
  'source',
  'destination',
  'upstream',
  'xds',
  'xds.node',
  'filter_state',
  'node',
]);

/** A map whose entries are properties; the evaluator asks `get` and `has` only. */
function branch(vm: Vm, path: readonly string[]): Map<string, unknown> {
  const map = new Map<string, unknown>();
  map.get = (key) => attribute(vm, [...path, key]);
  map.has = (key) => attribute(vm, [...path, key]) !== undefined;
  return map;
}

function celValue(path: string, value: PropertyValue): unknown {
  if (typeof value === 'number') return BigInt(value);
  if (typeof value === 'bigint' && TIMES.has(path)) return new Date(Number(value / 1_000_000n));
  if (typeof value !== 'object' || value instanceof Uint8Array) return value;
  const fields = new Map<string, string>();
  for (let i = 0; i < value.length; i += 2) {
    const name = value[i] as string;
    const before = fields.get(name);
    fields.set(name, before === undefined ? (value[i + 1] as string) : `${before},${value[i + 1]}`);
  }
  return fields;
}

interface CelDuration {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** As properties are encoded (`get_property`); a list is a map of its items to nothing. */
function encode(value: unknown): Uint8Array | number {
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0);
  if (typeof value === 'bigint') return int64(value);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return bytes;
  }
  if (value instanceof Date) return int64(BigInt(value.getTime()) * 1_000_000n);
  if (value === null || typeof value !== 'object') return SERIALIZATION_FAILURE;
  if (value.constructor.name === 'Duration') {
    const { seconds, nanos } = value as CelDuration;
    return int64(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
  }
  if (value.constructor.name === 'UnsignedInt') return int64(BigInt(Number(value)));
  const pairs: string[] = [];
  const entries = Array.isArray(value) ? value.map((item) => [item, '']) : entriesOf(value);
  for (const [key, item] of entries) {
    for (const part of [key, item]) {
      const bytes = part === '' ? NO_BYTES : encode(part);
      if (typeof bytes === 'number') return bytes;
      pairs.push(Buffer.from(bytes).toString('latin1'));
    }
  }
  return encodePairs(pairs);
}

function entriesOf(value: object): unknown[][] {
  return value instanceof Map ? [...value.entries()] : Object.entries(value);
}

function int64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt.asIntN(64, value));
  return bytes;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] as string;
}
