import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LIMITS } from '../../base/limits.ts';
import { FilterState } from '../../observe/filter-state.ts';
import { op } from '../module/testing/assemble.ts';
import { ABI_0_2_1 } from './abi-0-2-1.ts';
import { Plugin } from './plugin.ts';
import * as status from './status.ts';
import { PEER_LOCAL, PEER_REMOTE } from './status.ts';
import { type TcpOwner, TcpStream } from './tcp-stream.ts';
import { pluginSpec, testDeps } from './testing/deps.ts';
import { tinyModule } from './testing/tiny.ts';
import type { Vm } from './vm.ts';

// Places in guest memory: calls so far, the argument of the last, the answers of callbacks.
const CALLS = 0;
const ARGUMENT = 4;
const ANSWERS = { connection: 8, downstream: 12, upstream: 16, trap: 20 } as const;

/** Notes a digit for each callback; answers what memory says at `answer`. */
function callback(name: string, type: number, digit: number, answer?: number) {
  const note = [
    ...op.i32(CALLS),
    ...op.i32(CALLS),
    ...op.load,
    ...op.i32(10),
    0x6c,
    ...op.i32(digit),
    ...op.add,
    ...op.store,
  ];
  const argument =
    type === 1 || type === 3 ? [] : [...op.i32(ARGUMENT), ...op.local(1), ...op.store];
  const trap =
    digit === 0
      ? []
      : [
          ...op.i32(ANSWERS.trap),
          ...op.load,
          ...op.i32(digit),
          0x46,
          0x04,
          0x40,
          ...op.unreachable,
          0x0b,
        ];
  const result = answer === undefined ? [] : [...op.i32(answer), ...op.load];
  return { name, type, code: [...note, ...argument, ...trap, ...result] };
}

const FUNCTIONS = [
  callback('proxy_on_context_create', 2, 0),
  callback('proxy_on_new_connection', 1, 1, ANSWERS.connection),
  callback('proxy_on_downstream_data', 4, 2, ANSWERS.downstream),
  callback('proxy_on_upstream_data', 4, 3, ANSWERS.upstream),
  callback('proxy_on_downstream_connection_close', 2, 4),
  callback('proxy_on_upstream_connection_close', 2, 5),
  callback('proxy_on_done', 1, 6, ANSWERS.connection),
  callback('proxy_on_log', 3, 7),
  callback('proxy_on_delete', 3, 8),
];

const MODULE = tinyModule({
  types: [
    { params: [], results: [] },
    { params: ['i32'], results: ['i32'] },
    { params: ['i32', 'i32'], results: [] },
    { params: ['i32'], results: [] },
    { params: ['i32', 'i32', 'i32'], results: ['i32'] },
  ],
  functions: [
    { type: 0, code: [] },
    { type: 1, code: op.i32(4096) },
    ...FUNCTIONS.map(({ type, code }) => ({ type, code })),
  ],
  exports: [
    { name: 'proxy_abi_version_0_2_1', index: 0 },
    { name: 'malloc', index: 1 },
    { name: 'memory', kind: 'memory', index: 0 },
    ...FUNCTIONS.map(({ name }, i) => ({ name, index: i + 2 })),
  ],
});

/** A connection whose two ends are lists. */
class Connection implements TcpOwner {
  readonly filterState = new FilterState();
  readonly events: string[] = [];
  readonly plugin: Plugin;
  readonly vm: Vm;
  readonly stream: TcpStream;

  constructor(failOpen = false) {
    const deps = testDeps();
    this.plugin = new Plugin(MODULE, pluginSpec(), deps);
    assert.equal(this.plugin.problem, null);
    this.vm = this.plugin.vm as Vm;
    this.#set(CALLS, 0);
    this.stream = new TcpStream(this.vm, this.plugin, this, failOpen);
  }

  #set(at: number, value: number): void {
    this.vm.memory.setU32(at, value);
  }

  answers(what: keyof typeof ANSWERS, value: number): void {
    this.#set(ANSWERS[what], value);
  }

  /** Digits of callbacks since the last call. */
  calls(): string {
    const calls = String(this.vm.memory.u32(CALLS));
    this.#set(CALLS, 0);
    return calls;
  }

  get argument(): number {
    return this.vm.memory.u32(ARGUMENT);
  }

  /** A host call of the guest about this connection. */
  call(name: string, ...args: number[]): number {
    const fn = ABI_0_2_1.imports[name]?.bind(this.vm) as (...list: number[]) => number;
    this.vm.stream = this.stream;
    const result = fn(...args);
    this.vm.stream = null;
    return result;
  }

  /** Of a buffer, as the guest is told it. */
  size(buffer: number): number {
    this.#set(68, 0);
    this.call('proxy_get_buffer_bytes', buffer, 0, 100, 64, 68);
    return this.vm.memory.u32(68);
  }

  proceed(): void {
    this.events.push('proceed');
  }

  forward(bytes: Uint8Array, end: boolean): void {
    this.events.push(`forward ${Buffer.from(bytes)}${end ? ' end' : ''}`);
  }

  answer(bytes: Uint8Array, end: boolean): void {
    this.events.push(`answer ${Buffer.from(bytes)}${end ? ' end' : ''}`);
  }

  pause(upstream: boolean, paused: boolean): void {
    this.events.push(`${paused ? 'pause' : 'resume'} ${upstream ? 'upstream' : 'client'}`);
  }

  close(upstream: boolean): void {
    this.events.push(`close ${upstream ? 'upstream' : 'client'}`);
  }

  fail(): void {
    this.events.push('fail');
  }

  property(path: readonly string[]): string | undefined {
    return path.join('.') === 'source.address' ? '10.0.0.1:9' : undefined;
  }
}

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('tcp stream', () => {
  it('passes what the guest lets pass, in the order of TCP filters', () => {
    const one = new Connection();
    one.stream.open();
    one.stream.clientData(bytes('ask'), false);
    one.stream.upstreamData(bytes('answer'), true);
    one.stream.clientData(bytes(''), true);
    one.stream.clientClosed(PEER_REMOTE);
    one.stream.clientClosed(PEER_LOCAL);
    assert.deepEqual(one.events, ['proceed', 'forward ask', 'answer answer end', 'forward  end']);
    // Created, connected, data, data and the close that goes with its end, data, close, done, log, delete.
    assert.equal(one.calls(), '123524678');
  });

  it('holds bytes it stops, and shows all of them each time', () => {
    const one = new Connection();
    one.stream.open();
    one.answers('downstream', 1);
    const chunk = bytes('ab');
    one.stream.clientData(chunk, false);
    chunk.fill(0);
    one.stream.clientData(bytes('cd'), false);
    assert.equal(one.argument, 4);
    assert.deepEqual(one.events, ['proceed']);
    one.answers('downstream', 0);
    one.stream.clientData(bytes('ef'), true);
    assert.deepEqual(one.events, ['proceed', 'forward abcdef end']);
  });

  it('lets held bytes of the client go by continue_stream, those of the upstream not', () => {
    const one = new Connection();
    one.stream.open();
    one.answers('downstream', 1);
    one.answers('upstream', 1);
    one.stream.clientData(bytes('ab'), false);
    one.stream.upstreamData(bytes('xy'), false);
    assert.equal(one.call('proxy_continue_stream', 3), status.UNIMPLEMENTED);
    assert.equal(one.call('proxy_continue_stream', 2), status.OK);
    assert.equal(one.call('proxy_continue_stream', 2), status.OK);
    assert.deepEqual(one.events, ['proceed', 'forward ab']);
    one.answers('upstream', 0);
    one.stream.upstreamData(bytes('z'), false);
    assert.deepEqual(one.events.slice(2), ['answer xyz']);
  });

  it('holds a new connection until it is continued or its data is', () => {
    const one = new Connection();
    one.answers('connection', 1);
    one.stream.open();
    assert.deepEqual(one.events, []);
    one.call('proxy_continue_stream', 2);
    assert.deepEqual(one.events, ['proceed']);
    const other = new Connection();
    other.answers('connection', 1);
    other.stream.open();
    other.stream.clientData(bytes('a'), false);
    assert.deepEqual(other.events, ['proceed', 'forward a']);
  });

  it('lets the guest read and change bytes, in callbacks and while it holds them', () => {
    const one = new Connection();
    one.stream.open();
    one.answers('downstream', 1);
    one.stream.clientData(bytes('hello'), false);
    one.vm.memory.setBytes(200, bytes('J'));
    assert.equal(one.call('proxy_get_buffer_bytes', 2, 0, 100, 64, 68), status.OK);
    assert.equal(one.vm.memory.text(one.vm.memory.u32(64), one.vm.memory.u32(68)), 'hello');
    assert.equal(one.call('proxy_set_buffer_bytes', 2, 0, 1, 200, 1), status.OK);
    assert.equal(one.size(3), 0);
    assert.equal(one.size(0), 0);
    one.call('proxy_continue_stream', 2);
    assert.equal(one.size(2), 0);
    assert.deepEqual(one.events, ['proceed', 'forward Jello']);
  });

  it('closes either side when the guest asks for it', () => {
    const one = new Connection();
    one.stream.open();
    one.call('proxy_close_stream', 2);
    one.call('proxy_close_stream', 3);
    one.call('proxy_close_stream', 0);
    assert.deepEqual(one.events, ['proceed', 'close client', 'close upstream']);
    one.stream.upstreamClosed(PEER_LOCAL);
    one.stream.upstreamClosed(PEER_LOCAL);
    assert.equal(one.calls(), '15');
    assert.equal(one.argument, PEER_LOCAL);
  });

  it('stops reading a side of which it holds too much', () => {
    const one = new Connection();
    one.stream.open();
    one.answers('upstream', 1);
    one.stream.upstreamData(new Uint8Array(LIMITS.filterBufferBytesMax + 1), false);
    one.stream.upstreamData(bytes('x'), false);
    assert.deepEqual(one.events, ['proceed', 'pause upstream']);
    one.answers('upstream', 0);
    one.stream.upstreamData(bytes('x'), false);
    assert.equal(one.events[2], 'resume upstream');
  });

  it('has no headers and no answers, and knows properties', () => {
    const one = new Connection();
    one.stream.open();
    one.vm.memory.setBytes(200, bytes('source\0address'));
    assert.equal(one.call('proxy_get_property', 200, 14, 64, 68), status.OK);
    assert.equal(one.vm.memory.text(one.vm.memory.u32(64), one.vm.memory.u32(68)), '10.0.0.1:9');
    assert.equal(one.call('proxy_set_property', 200, 6, 200, 3), status.OK);
    assert.deepEqual(one.filterState.get('wasm.source'), new Uint8Array(bytes('sou')));
    assert.equal(one.call('proxy_add_header_map_value', 0, 200, 6, 200, 3), status.OK);
    assert.equal(one.call('proxy_send_local_response', 200, 0, 0, 0, 0, 0, 0, -1), status.OK);
    assert.deepEqual(one.events, ['proceed']);
  });

  for (const [where, digit] of [
    ['a new connection', 1],
    ['data of the client', 2],
    ['data of the upstream', 3],
  ] as const) {
    it(`cuts both sides where it traps in ${where}, or passes all where it is open`, () => {
      const feed = (one: Connection): void => {
        one.answers('trap', digit);
        one.stream.open();
        one.stream.clientData(bytes('a'), false);
        one.stream.upstreamData(bytes('b'), false);
        one.stream.clientClosed(PEER_REMOTE);
      };
      const closed = new Connection();
      feed(closed);
      assert.equal(closed.events.filter((event) => event === 'fail').length, 1);
      assert.ok(!closed.events.includes(digit === 3 ? 'answer b' : 'forward a'));
      const open = new Connection(true);
      feed(open);
      assert.deepEqual(open.events, ['proceed', 'forward a', 'answer b']);
    });
  }

  it(`of a plugin that retires keeps the guest until it ends`, () => {
    const one = new Connection();
    one.stream.open();
    // The root is done at once.
    one.answers('connection', 1);
    one.plugin.retire();
    assert.equal(one.vm.dead, false);
    one.stream.clientClosed(PEER_REMOTE);
    assert.equal(one.vm.dead, true);
  });
});
