/**
 * What all versions of the ABI have in common: functions of `env` and callbacks, with signatures.
 * Here the guest's arguments become unsigned and ranges of memory get a name; what they mean is in
 * `calls/`.
 */

import type { HostCall } from './abi-version.ts';
import * as buffers from './calls/buffers.ts';
import { callForeignFunction } from './calls/foreign.ts';
import * as grpc from './calls/grpc.ts';
import * as headerMap from './calls/header-map.ts';
import { httpCall } from './calls/http-call.ts';
import * as log from './calls/log.ts';
import * as metrics from './calls/metrics.ts';
import * as properties from './calls/properties.ts';
import * as sharedData from './calls/shared-data.ts';
import * as sharedQueue from './calls/shared-queue.ts';
import * as control from './calls/stream-control.ts';
import * as timers from './calls/timers.ts';
import type { ExportTable } from './exports.ts';
import { BAD_ARGUMENT, INVALID_MEMORY_ACCESS, MAP_LAST, OK } from './status.ts';
import type { Vm } from './vm.ts';

export const u = (value: number): number => value >>> 0;
const range = (at: number, size: number): control.Range => ({ at: at >>> 0, size: size >>> 0 });

/** A call of `count` i32 parameters and an i32 result. */
export const i32 = (count: number, bind: HostCall['bind']): HostCall => ({
  signature: `(${Array.from({ length: count }, () => 'i32').join(',')})->i32`,
  bind,
});

const LOG: Record<string, HostCall> = {
  proxy_log: i32(
    3,
    (vm) => (level: number, at: number, size: number) => log.log(vm, u(level), u(at), u(size)),
  ),
  proxy_get_status: i32(
    3,
    (vm) => (code: number, at: number, size: number) => log.getStatus(vm, u(code), u(at), u(size)),
  ),
};

/** Name and value are read here, so that the rest works on strings. */
const edit =
  (call: (vm: Vm, map: number, name: string | null, value: string) => number): HostCall['bind'] =>
  (vm) =>
  (map: number, name: number, nameSize: number, value: number, valueSize: number) => {
    const memory = vm.memory;
    if (u(map) > MAP_LAST) return BAD_ARGUMENT;
    if (!memory.has(u(name), u(nameSize)) || !memory.has(u(value), u(valueSize))) {
      return INVALID_MEMORY_ACCESS;
    }
    const key = memory.name(u(name), u(nameSize));
    return call(vm, u(map), key, memory.text(u(value), u(valueSize)));
  };

const HEADER_MAPS: Record<string, HostCall> = {
  proxy_get_header_map_pairs: i32(
    3,
    (vm) => (map: number, at: number, size: number) =>
      headerMap.getPairs(vm, u(map), u(at), u(size)),
  ),
  proxy_set_header_map_pairs: i32(
    3,
    (vm) => (map: number, at: number, size: number) =>
      headerMap.setPairs(vm, u(map), u(at), u(size)),
  ),
  proxy_get_header_map_value: i32(
    5,
    (vm) => (map: number, name: number, nameSize: number, at: number, size: number) => {
      if (u(map) > MAP_LAST) return BAD_ARGUMENT;
      if (!vm.memory.has(u(name), u(nameSize))) return INVALID_MEMORY_ACCESS;
      return headerMap.getValue(vm, u(map), vm.memory.name(u(name), u(nameSize)), u(at), u(size));
    },
  ),
  proxy_add_header_map_value: i32(5, edit(headerMap.add)),
  proxy_replace_header_map_value: i32(5, edit(headerMap.replace)),
  proxy_remove_header_map_value: i32(3, (vm) => (map: number, name: number, nameSize: number) => {
    if (u(map) > MAP_LAST) return BAD_ARGUMENT;
    if (!vm.memory.has(u(name), u(nameSize))) return INVALID_MEMORY_ACCESS;
    return headerMap.remove(vm, u(map), vm.memory.name(u(name), u(nameSize)));
  }),
  proxy_get_header_map_size: i32(
    2,
    (vm) => (map: number, out: number) => headerMap.getSize(vm, u(map), u(out)),
  ),
};

const BUFFERS: Record<string, HostCall> = {
  proxy_get_buffer_bytes: i32(
    5,
    (vm) => (buffer: number, start: number, max: number, at: number, size: number) =>
      buffers.getBytes(vm, u(buffer), { start: u(start), size: u(max) }, u(at), u(size)),
  ),
  proxy_get_buffer_status: i32(
    3,
    (vm) => (buffer: number, size: number, flags: number) =>
      buffers.getStatus(vm, u(buffer), u(size), u(flags)),
  ),
  proxy_set_buffer_bytes: i32(
    5,
    (vm) => (buffer: number, start: number, old: number, at: number, size: number) =>
      buffers.setBytes(vm, u(buffer), { start: u(start), size: u(old) }, u(at), u(size)),
  ),
};

const STREAMS: Record<string, HostCall> = {
  proxy_get_property: i32(
    4,
    (vm) => (path: number, pathSize: number, at: number, size: number) =>
      properties.getProperty(vm, u(path), u(pathSize), u(at), u(size)),
  ),
  proxy_set_property: i32(
    4,
    (vm) => (path: number, pathSize: number, at: number, size: number) =>
      properties.setProperty(vm, u(path), u(pathSize), u(at), u(size)),
  ),
  proxy_send_local_response: i32(8, (vm) => (status: number, ...rest: number[]) => {
    const [details, detailsSize, body, bodySize, fields, fieldsSize, grpcStatus] =
      rest as control.ReplyArguments;
    const content = { body: range(body, bodySize), fields: range(fields, fieldsSize) };
    return control.sendLocalResponse(
      vm,
      u(status),
      range(details, detailsSize),
      content,
      u(grpcStatus),
    );
  }),
  proxy_set_effective_context: i32(
    1,
    (vm) => (id: number) => control.setEffectiveContext(vm, u(id)),
  ),
  proxy_done: i32(0, (vm) => () => control.done(vm)),
};

const METRICS: Record<string, HostCall> = {
  proxy_define_metric: i32(
    4,
    (vm) => (kind: number, at: number, size: number, id: number) =>
      metrics.defineMetric(vm, u(kind), u(at), u(size), u(id)),
  ),
  proxy_increment_metric: {
    signature: '(i32,i64)->i32',
    bind: (vm) => (id: number, offset: bigint) => metrics.incrementMetric(vm, u(id), offset),
  },
  proxy_record_metric: {
    signature: '(i32,i64)->i32',
    bind: (vm) => (id: number, value: bigint) => metrics.recordMetric(vm, u(id), value),
  },
  proxy_get_metric: i32(
    2,
    (vm) => (id: number, out: number) => metrics.getMetric(vm, u(id), u(out)),
  ),
};

const TIMERS: Record<string, HostCall> = {
  proxy_set_tick_period_milliseconds: i32(
    1,
    (vm) => (ms: number) => timers.setTickPeriod(vm, u(ms)),
  ),
  proxy_get_current_time_nanoseconds: i32(1, (vm) => (out: number) => timers.getTime(vm, u(out))),
};

const SHARED: Record<string, HostCall> = {
  proxy_get_shared_data: i32(
    5,
    (vm) => (key: number, keySize: number, at: number, size: number, cas: number) =>
      sharedData.getSharedData(vm, u(key), u(keySize), { at: u(at), size: u(size), cas: u(cas) }),
  ),
  proxy_set_shared_data: i32(
    5,
    (vm) => (key: number, keySize: number, at: number, size: number, cas: number) =>
      sharedData.setSharedData(vm, range(key, keySize), u(at), u(size), u(cas)),
  ),
  proxy_register_shared_queue: i32(
    3,
    (vm) => (at: number, size: number, out: number) =>
      sharedQueue.registerQueue(vm, u(at), u(size), u(out)),
  ),
  proxy_resolve_shared_queue: i32(
    5,
    (vm) => (vmId: number, vmIdSize: number, at: number, size: number, out: number) =>
      sharedQueue.resolveQueue(vm, range(vmId, vmIdSize), u(at), u(size), u(out)),
  ),
  proxy_dequeue_shared_queue: i32(
    3,
    (vm) => (token: number, at: number, size: number) =>
      sharedQueue.dequeue(vm, u(token), u(at), u(size)),
  ),
  proxy_enqueue_shared_queue: i32(
    3,
    (vm) => (token: number, at: number, size: number) =>
      sharedQueue.enqueue(vm, u(token), u(at), u(size)),
  ),
};

/** Pairs of address and size, in order. */
const ranges = (args: readonly number[], count: number): control.Range[] => {
  const list: control.Range[] = [];
  for (let i = 0; i < count; i++)
    list.push(range(args[i * 2] as number, args[i * 2 + 1] as number));
  return list;
};

const CALLOUTS: Record<string, HostCall> = {
  proxy_http_call: i32(10, (vm) => (...args: number[]) => {
    const [target, fields, body, trailers] = ranges(args, 4) as FourRanges;
    const parts = { target, fields, body, trailers };
    return httpCall(vm, parts, u(args[8] as number), u(args[9] as number));
  }),
  proxy_grpc_call: i32(12, (vm) => (...args: number[]) => {
    const [target, service, method, initialMetadata] = ranges(args, 4) as FourRanges;
    const message = range(args[8] as number, args[9] as number);
    const parts = { target, service, method, initialMetadata, message };
    return grpc.openGrpc(vm, parts, u(args[10] as number), u(args[11] as number));
  }),
  proxy_grpc_stream: i32(9, (vm) => (...args: number[]) => {
    const [target, service, method, initialMetadata] = ranges(args, 4) as FourRanges;
    const parts = { target, service, method, initialMetadata, message: null };
    return grpc.openGrpc(vm, parts, 0, u(args[8] as number));
  }),
  proxy_grpc_send: i32(
    4,
    (vm) => (id: number, at: number, size: number, end: number) =>
      grpc.sendGrpc(vm, u(id), u(at), u(size), end),
  ),
  proxy_grpc_cancel: i32(1, (vm) => (id: number) => grpc.cancelGrpc(vm, u(id))),
  proxy_grpc_close: i32(1, (vm) => (id: number) => grpc.closeGrpc(vm, u(id))),
  proxy_call_foreign_function: i32(6, (vm) => (...args: number[]) => {
    const [name, argument] = ranges(args, 2) as FourRanges;
    const [, , , , atOut, sizeOut] = args as [number, number, number, number, number, number];
    return callForeignFunction(vm, name, argument, u(atOut), u(sizeOut));
  }),
};

type FourRanges = [control.Range, control.Range, control.Range, control.Range];

/** Guests in C++ need these of their toolchain. */
const TOOLCHAIN: Record<string, HostCall> = {
  pthread_equal: i32(2, () => (a: number, b: number) => (a === b ? 1 : 0)),
  emscripten_notify_memory_growth: { signature: '(i32)->()', bind: () => () => OK },
};

/** Functions of every version. */
export const COMMON_CALLS: Readonly<Record<string, HostCall>> = {
  ...LOG,
  ...HEADER_MAPS,
  ...BUFFERS,
  ...STREAMS,
  ...METRICS,
  ...TIMERS,
  ...SHARED,
  ...CALLOUTS,
  ...TOOLCHAIN,
};

/** Callbacks of every version. */
export const COMMON_CALLBACKS: ExportTable = {
  proxy_on_context_create: '(i32,i32)->()',
  proxy_on_vm_start: '(i32,i32)->i32',
  proxy_on_configure: '(i32,i32)->i32',
  proxy_validate_configuration: '(i32,i32)->i32',
  proxy_on_tick: '(i32)->()',
  proxy_on_queue_ready: '(i32,i32)->()',
  proxy_on_new_connection: '(i32)->i32',
  proxy_on_downstream_data: '(i32,i32,i32)->i32',
  proxy_on_upstream_data: '(i32,i32,i32)->i32',
  proxy_on_downstream_connection_close: '(i32,i32)->()',
  proxy_on_upstream_connection_close: '(i32,i32)->()',
  proxy_on_request_body: '(i32,i32,i32)->i32',
  proxy_on_request_trailers: '(i32,i32)->i32',
  proxy_on_request_metadata: '(i32,i32)->i32',
  proxy_on_response_body: '(i32,i32,i32)->i32',
  proxy_on_response_trailers: '(i32,i32)->i32',
  proxy_on_response_metadata: '(i32,i32)->i32',
  proxy_on_http_call_response: '(i32,i32,i32,i32,i32)->()',
  proxy_on_grpc_receive_initial_metadata: '(i32,i32,i32)->()',
  proxy_on_grpc_receive: '(i32,i32,i32)->()',
  proxy_on_grpc_receive_trailing_metadata: '(i32,i32,i32)->()',
  proxy_on_grpc_close: '(i32,i32,i32)->()',
  proxy_on_done: '(i32)->i32',
  proxy_on_log: '(i32)->()',
  proxy_on_delete: '(i32)->()',
};
