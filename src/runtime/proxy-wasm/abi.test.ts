/** Host calls as guests of any language make them: statuses, ranges of memory, results. */

import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { encodePairs, readPairs } from './pairs.ts';
import { protoMessage } from './proto.ts';
import * as status from './status.ts';
import { ALLOCATED_AT, Tiny, tinyModule } from './testing/tiny.ts';

const OUT = 64;
const OUT2 = 68;
const OUT3 = 72;
const PAGE = 65_536;

let tiny: Tiny;

beforeEach(() => {
  tiny = new Tiny();
});

describe('abi: giving results', () => {
  it('gives bytes in memory the guest allocates', () => {
    const [at, size] = tiny.put(200, 'a');
    assert.equal(tiny.call('proxy_get_header_map_value', [0, at, size, OUT, OUT2]), status.OK);
    assert.equal(tiny.vm.memory.u32(OUT), ALLOCATED_AT);
    assert.equal(tiny.given(OUT, OUT2), '1');
  });

  it('gives nothing as address 0 without allocating', () => {
    tiny.stream.maps[0] = ['empty', ''];
    const [at, size] = tiny.put(200, 'empty');
    tiny.vm.memory.setU32(OUT, 7);
    assert.equal(tiny.call('proxy_get_header_map_value', [0, at, size, OUT, OUT2]), status.OK);
    assert.deepEqual([tiny.vm.memory.u32(OUT), tiny.vm.memory.u32(OUT2)], [0, 0]);
  });

  it('refuses places and ranges outside of memory, also those that wrap', () => {
    const [at, size] = tiny.put(200, 'a');
    const refused = (args: number[]): void => {
      const got = tiny.call('proxy_get_header_map_value', args);
      assert.equal(got, status.INVALID_MEMORY_ACCESS, args.join());
    };
    refused([0, at, size, PAGE - 3, OUT2]);
    refused([0, at, size, OUT, -1]);
    refused([0, PAGE, 1, OUT, OUT2]);
    refused([0, -1, 4, OUT, OUT2]);
    refused([0, at, -1, OUT, OUT2]);
  });

  it('refuses what an allocator gives that has none or lies', () => {
    for (const address of [0, PAGE - 1, -1]) {
      tiny = new Tiny(tinyModule({}, address));
      const got = tiny.call('proxy_get_buffer_bytes', [7, 0, 100, OUT, OUT2]);
      assert.equal(got, status.INVALID_MEMORY_ACCESS);
    }
  });
});

describe('abi: header maps', () => {
  const name = (text: string): [number, number] => tiny.put(200, text);

  it('checks the map before the memory', () => {
    const wild = [8, -1, -1, -1, -1];
    assert.equal(tiny.call('proxy_get_header_map_value', wild), status.BAD_ARGUMENT);
    assert.equal(tiny.call('proxy_add_header_map_value', wild), status.BAD_ARGUMENT);
    assert.equal(tiny.call('proxy_get_header_map_pairs', [8, OUT, OUT2]), status.BAD_ARGUMENT);
    assert.equal(tiny.call('proxy_get_header_map_size', [99, OUT]), status.BAD_ARGUMENT);
    assert.equal(tiny.call('proxy_set_header_map_pairs', [8, 0, 0]), status.BAD_ARGUMENT);
    assert.equal(
      tiny.call('proxy_remove_header_map_value', [8, ...name('a')]),
      status.BAD_ARGUMENT,
    );
  });

  it('tells a key that is missing from a map that is', () => {
    assert.equal(
      tiny.call('proxy_get_header_map_value', [0, ...name('none'), OUT, OUT2]),
      status.NOT_FOUND,
    );
    assert.equal(
      tiny.call('proxy_get_header_map_value', [1, ...name('a'), OUT, OUT2]),
      status.NOT_FOUND,
    );
    assert.equal(tiny.call('proxy_get_header_map_pairs', [1, OUT, OUT2]), status.OK);
    assert.equal(tiny.given(OUT, OUT2), '');
    assert.equal(tiny.call('proxy_get_header_map_pairs', [0, OUT, OUT2], true), status.OK);
  });

  it('serialises a map and tells its size', () => {
    assert.equal(tiny.call('proxy_get_header_map_pairs', [0, OUT, OUT2]), status.OK);
    const { memory } = tiny.vm;
    const size = memory.u32(OUT2);
    assert.deepEqual(readPairs(memory.bytes, memory.u32(OUT), size), [
      ':method',
      'GET',
      'a',
      '1',
      'b',
      '2',
      'a',
      '3',
    ]);
    assert.equal(tiny.call('proxy_get_header_map_size', [0, OUT3]), status.OK);
    assert.equal(memory.u32(OUT3), size);
  });

  it('does not wipe a map for pairs that are malformed', () => {
    const encoded = encodePairs(['x', 'y']);
    encoded[0] = 9;
    const [at, size] = tiny.put(300, encoded);
    assert.equal(tiny.call('proxy_set_header_map_pairs', [0, at, size]), status.OK);
    assert.equal(tiny.stream.maps[0]?.length, 6);
    const [good, goodSize] = tiny.put(300, encodePairs(['X-Y', 'y']));
    assert.equal(tiny.call('proxy_set_header_map_pairs', [0, good, goodSize]), status.OK);
    assert.deepEqual(tiny.stream.maps[0], ['x-y', 'y']);
  });

  it('says when a map was edited', () => {
    const value = tiny.put(300, 'v');
    tiny.call('proxy_add_header_map_value', [0, ...name('n'), ...value]);
    tiny.call('proxy_remove_header_map_value', [2, ...name('server')]);
    tiny.call('proxy_remove_header_map_value', [2, ...name('none')]);
    assert.deepEqual(tiny.stream.actions, ['edited 0', 'edited 2']);
  });

  it('lower-cases names and keeps values', () => {
    tiny.call('proxy_replace_header_map_value', [2, ...name('X-Big'), ...tiny.put(300, 'Value')]);
    assert.deepEqual(tiny.stream.maps[2], ['server', 'x', 'x-big', 'Value']);
  });
});

describe('abi: buffers', () => {
  it('clamps what is read', () => {
    const read = (start: number, max: number): string => {
      assert.equal(tiny.call('proxy_get_buffer_bytes', [0, start, max, OUT, OUT2]), status.OK);
      return tiny.given(OUT, OUT2);
    };
    assert.equal(read(0, -1), 'question');
    assert.equal(read(2, 3), 'est');
    assert.equal(read(6, 100), 'on');
    assert.equal(read(-1, -1), '');
  });

  it('tells absent and unknown buffers apart', () => {
    assert.equal(tiny.call('proxy_get_buffer_bytes', [4, 0, 1, OUT, OUT2]), status.NOT_FOUND);
    assert.equal(tiny.call('proxy_get_buffer_bytes', [9, 0, 1, OUT, OUT2]), status.BAD_ARGUMENT);
    // Bodies and a connection's data are empty where they are not, as in Envoy.
    assert.equal(tiny.call('proxy_get_buffer_bytes', [2, 0, 1, OUT, OUT2]), status.OK);
    assert.equal(tiny.vm.memory.u32(OUT2), 0);
    assert.equal(tiny.call('proxy_get_buffer_bytes', [0, 0, 1, OUT, OUT2], true), status.OK);
  });

  it('splices', () => {
    const edit = (start: number, size: number, text: string): string => {
      const got = tiny.call('proxy_set_buffer_bytes', [1, start, size, ...tiny.put(300, text)]);
      assert.equal(got, status.OK);
      return Buffer.from(tiny.stream.bodies[1]?.bytes() ?? []).toString();
    };
    assert.equal(edit(0, 0, '<'), '<answer');
    assert.equal(edit(-1, 0, '>'), '<answer>');
    assert.equal(edit(1, 6, 'reply'), '<reply>');
    assert.equal(edit(0, 1, ''), 'reply>');
    assert.equal(edit(0, -1, 'new'), 'new');
  });

  it('tells sizes and flags', () => {
    assert.equal(tiny.call('proxy_get_buffer_status', [0, OUT, OUT2]), status.OK);
    assert.deepEqual([tiny.vm.memory.u32(OUT), tiny.vm.memory.u32(OUT2)], [8, 0]);
    assert.equal(tiny.call('proxy_get_buffer_status', [7, OUT, OUT2], true), status.OK);
    assert.equal(tiny.vm.memory.u32(OUT), 'configuration'.length);
    assert.equal(tiny.call('proxy_get_buffer_status', [0, -1, OUT2]), status.INVALID_MEMORY_ACCESS);
  });
});

describe('abi: properties that a guest sets', () => {
  const path = (text: string): [number, number] => tiny.put(200, text);
  const set = (name: string, value: string): number =>
    tiny.call('proxy_set_property', [...path(name), ...tiny.put(300, value)]);
  const declare = (...fields: [number, string][]): number => {
    const message = protoMessage(...fields.map(([id, text]) => [id, Buffer.from(text)] as const));
    return foreign('declare_property', Uint8Array.from([...message, 16, 1]));
  };
  const foreign = (name: string, argument: Uint8Array): number =>
    tiny.call('proxy_call_foreign_function', [
      ...tiny.put(200, name),
      ...tiny.put(300, argument),
      0,
      0,
    ]);

  it('are in the filter state under wasm. and their bytes', () => {
    assert.equal(set('a\0b', '1'), status.OK);
    assert.deepEqual([...tiny.stream.values.keys()], ['wasm.a\0b']);
    assert.equal(tiny.call('proxy_get_property', [...path('a\0b'), OUT, OUT2]), status.OK);
    assert.equal(tiny.given(OUT, OUT2), '1');
  });

  it('can be set once where they were declared so, and declared once', () => {
    assert.equal(declare([1, 'once']), status.OK);
    assert.equal(declare([1, 'once']), status.BAD_ARGUMENT);
    assert.equal(declare(), status.BAD_ARGUMENT);
    assert.equal(set('once', '1'), status.OK);
    assert.equal(set('once', '2'), status.BAD_ARGUMENT);
    assert.equal(set('often', '1'), status.OK);
    assert.equal(set('often', '2'), status.OK);
  });

  it('can be set in the filter state without the prefix by a foreign function', () => {
    const message = protoMessage([1, Buffer.from('envoy.key')], [2, Buffer.from('v')]);
    assert.equal(foreign('set_envoy_filter_state', message), status.OK);
    assert.deepEqual([...tiny.stream.values.keys()], ['envoy.key']);
    assert.equal(foreign('set_envoy_filter_state', Uint8Array.of(1)), status.BAD_ARGUMENT);
  });
});

describe('abi: properties of the proxy', () => {
  const get = (text: string): string => {
    const [at, size] = tiny.put(200, text.replaceAll('.', '\0'));
    const got = tiny.call('proxy_get_property', [at, size, OUT, OUT2]);
    return got === status.OK ? tiny.given(OUT, OUT2) : `status ${got}`;
  };

  it('give the node as a message, its fields as text, and what it does not have as empty', () => {
    const node = '\n\x06node-1\x12\x04edge';
    assert.equal(get('xds.node'), node);
    assert.equal(get('node'), node);
    assert.equal(get('node.id'), 'node-1');
    assert.equal(get('xds.node.cluster'), 'edge');
    assert.equal(get('node.metadata'), '');
    assert.equal(get('node.nothing'), `status ${status.NOT_FOUND}`);
    assert.equal(get('node.id.more'), `status ${status.NOT_FOUND}`);
  });
});

describe('abi: streams', () => {
  it('carries out what it is asked for after the guest has returned', () => {
    tiny.vm.run(
      tiny.stream,
      () => {
        tiny.call('proxy_continue_stream', [0]);
        tiny.call('proxy_continue_stream', [1]);
        tiny.call('proxy_close_stream', [0]);
        assert.deepEqual(tiny.stream.actions, []);
        return 0;
      },
      0,
    );
    assert.deepEqual(tiny.stream.actions, ['continue 0', 'continue 1', 'close 0']);
  });

  it('knows four kinds of stream, of which one cannot be continued', () => {
    assert.equal(tiny.call('proxy_continue_stream', [2]), status.OK);
    assert.equal(tiny.call('proxy_continue_stream', [3]), status.UNIMPLEMENTED);
    assert.equal(tiny.call('proxy_close_stream', [3]), status.OK);
    assert.equal(tiny.call('proxy_continue_stream', [4]), status.BAD_ARGUMENT);
    assert.equal(tiny.call('proxy_close_stream', [-1]), status.BAD_ARGUMENT);
    assert.deepEqual(tiny.stream.actions, ['continue 2', 'close 3']);
  });

  it('takes a local response apart', () => {
    const details = tiny.put(200, 'no way\n');
    const body = tiny.put(300, 'body');
    const fields = tiny.put(400, encodePairs(['X-A', '1', ':status', '9', 'connection', 'close']));
    const got = tiny.call('proxy_send_local_response', [404, ...details, ...body, ...fields, 5]);
    assert.equal(got, status.OK);
    const [reply] = tiny.stream.replies;
    assert.deepEqual(
      { ...reply, body: Buffer.from(reply?.body ?? []).toString() },
      { status: 404, details: 'no_way_', fields: ['x-a', '1'], body: 'body', grpcStatus: 5 },
    );
    tiny.call('proxy_send_local_response', [200, 0, 0, 0, 0, 0, 0, -1]);
    assert.equal(tiny.stream.replies[1]?.grpcStatus, -1);
    assert.equal(
      tiny.call('proxy_send_local_response', [200, 0, 0, 0, 0, 0, 0, 0], true),
      status.OK,
    );
    assert.equal(
      tiny.call('proxy_send_local_response', [200, -1, 1, 0, 0, 0, 0, 0]),
      status.INVALID_MEMORY_ACCESS,
    );
    assert.equal(tiny.stream.replies.length, 2);
  });

  it('is done only where that is awaited', () => {
    assert.equal(tiny.call('proxy_done', [], true), status.NOT_FOUND);
    tiny.vm.parked = true;
    assert.equal(tiny.call('proxy_done', [], true), status.OK);
    assert.equal(tiny.finished, 1);
    assert.equal(tiny.vm.dead, true);
  });
});

describe('abi: properties, logs, the rest', () => {
  it('encodes each kind of value', () => {
    Object.assign(tiny.stream.properties, {
      text: 'caf\u00e9',
      int: -2,
      big: 2n ** 40n,
      yes: true,
      map: ['k', 'v'],
      raw: Uint8Array.of(1, 2),
    });
    const read = (path: string): number[] => {
      const got = tiny.call('proxy_get_property', [...tiny.put(200, path), OUT, OUT2]);
      assert.equal(got, status.OK, path);
      return [...Buffer.from(tiny.given(OUT, OUT2), 'latin1')];
    };
    assert.deepEqual(read('text'), [99, 97, 102, 233]);
    assert.deepEqual(read('int\0'), [254, 255, 255, 255, 255, 255, 255, 255]);
    assert.deepEqual(read('big'), [0, 0, 0, 0, 0, 1, 0, 0]);
    assert.deepEqual(read('yes'), [1]);
    assert.deepEqual(read('raw'), [1, 2]);
    assert.deepEqual(read('map'), [...encodePairs(['k', 'v'])]);
  });

  it('refuses an empty path, and sets nothing without a request', () => {
    assert.equal(tiny.call('proxy_get_property', [0, 0, OUT, OUT2]), status.SERIALIZATION_FAILURE);
    const path = tiny.put(200, 'a\0b');
    const value = tiny.put(300, 'v');
    assert.equal(tiny.call('proxy_set_property', [...path, ...value], true), status.OK);
    assert.equal(tiny.stream.values.size, 0);
    assert.equal(tiny.call('proxy_set_property', [...path, ...value]), status.OK);
    assert.equal(tiny.call('proxy_get_property', [...path, OUT, OUT2]), status.OK);
    assert.equal(tiny.given(OUT, OUT2), 'v');
  });

  it('tells the plugin of itself in the root context', () => {
    assert.equal(
      tiny.call('proxy_get_property', [...tiny.put(200, 'plugin_root_id'), OUT, OUT2], true),
      status.OK,
    );
    assert.equal(tiny.given(OUT, OUT2), 'root');
  });

  it('logs UTF-8 at six levels and no seventh', () => {
    const text = tiny.put(200, Buffer.from('caf\u00e9'));
    for (let level = 0; level < 6; level++) {
      assert.equal(tiny.call('proxy_log', [level, ...text]), status.OK);
    }
    assert.equal(tiny.call('proxy_log', [6, ...text]), status.BAD_ARGUMENT);
    assert.equal(tiny.call('proxy_log', [0, PAGE, 1]), status.INVALID_MEMORY_ACCESS);
    assert.deepEqual(
      tiny.deps.log.take(),
      ['trace', 'debug', 'info', 'warn', 'error', 'error'].map((level) => `${level} caf\u00e9`),
    );
  });

  it('sets what calls are about until the guest returns', () => {
    tiny.vm.createStream(tiny.stream);
    tiny.vm.run(
      null,
      () => {
        const set = tiny.call('proxy_set_effective_context', [2], true);
        assert.equal(set, status.OK);
        return 0;
      },
      0,
    );
    assert.equal(tiny.vm.stream, null);
    assert.equal(tiny.call('proxy_set_effective_context', [0]), status.BAD_ARGUMENT);
    assert.equal(tiny.call('proxy_set_effective_context', [1]), status.OK);
  });

  it('writes results of foreign functions where they are wanted, also on failure', () => {
    const unknown = tiny.put(200, 'nothing');
    tiny.vm.memory.setU32(OUT2, 9);
    assert.equal(
      tiny.call('proxy_call_foreign_function', [...unknown, 0, 0, OUT, OUT2]),
      status.NOT_FOUND,
    );
    assert.equal(tiny.vm.memory.u32(OUT2), 0);
    const known = tiny.put(200, 'clear_route_cache');
    assert.equal(tiny.call('proxy_call_foreign_function', [...known, 0, 0, 0, 0]), status.OK);
    assert.deepEqual(tiny.stream.actions, ['clear']);
  });

  it('keeps filter state set as Envoy has it', () => {
    const message = Buffer.from([0x0a, 1, 0x6b, 0x12, 2, 0x76, 0x76, 0x18, 1]);
    const name = tiny.put(200, 'set_envoy_filter_state');
    const args = tiny.put(300, message);
    assert.equal(tiny.call('proxy_call_foreign_function', [...name, ...args, 0, 0]), status.OK);
    assert.equal(Buffer.from(tiny.stream.values.get('k') ?? []).toString(), 'vv');
    const broken = tiny.put(300, Buffer.from([0x0a, 9]));
    assert.equal(
      tiny.call('proxy_call_foreign_function', [...name, ...broken, 0, 0]),
      status.BAD_ARGUMENT,
    );
  });

  it('tells the target of a gRPC call from its message', () => {
    const envoy = Buffer.from([0x0a, 7, 0x0a, 5, ...Buffer.from('known')]);
    const target = tiny.put(200, envoy);
    const got = tiny.call('proxy_grpc_stream', [...target, 0, 0, 0, 0, 0, 0, OUT]);
    assert.equal(got, status.OK);
    assert.equal(tiny.deps.callouts.grpcRequests[0]?.target, 'known');
    assert.equal(tiny.call('proxy_grpc_send', [5, 0, 0, 0]), status.BAD_ARGUMENT);
    assert.equal(tiny.call('proxy_grpc_send', [10, 0, 0, 0]), status.NOT_FOUND);
    assert.equal(tiny.call('proxy_grpc_close', [tiny.vm.memory.u32(OUT)]), status.OK);
    assert.deepEqual(tiny.deps.callouts.sent, ['end']);
  });
});
