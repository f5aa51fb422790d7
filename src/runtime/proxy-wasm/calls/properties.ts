/**
 * Properties: a path of segments joined by NUL (one at the end is allowed) to a value. Those of the
 * plugin and the node are answered here, all others by the stream. What a guest sets under a path
 * is found again under the same bytes, by every filter of the request.
 */

import { latin1 } from '../../../base/latin1.ts';
import { encodePairs } from '../pairs.ts';
import { protoMessage } from '../proto.ts';
import {
  BAD_ARGUMENT,
  INVALID_MEMORY_ACCESS,
  NOT_FOUND,
  OK,
  SERIALIZATION_FAILURE,
} from '../status.ts';
import type { PropertyValue } from '../stream.ts';
import type { Vm } from '../vm.ts';
import { giveBytes, giveText } from './give.ts';

/** Where the filter state keeps what guests set. */
const OWN = 'wasm.';

/** Of one value, and of the values a request may carry under a path of its own choice. */
const VALUE_BYTES_MAX = 1024 * 1024;

export function getProperty(
  vm: Vm,
  at: number,
  size: number,
  atOut: number,
  sizeOut: number,
): number {
  if (!vm.memory.has(at, size)) return INVALID_MEMORY_ACCESS;
  if (size === 0) return SERIALIZATION_FAILURE;
  const path = vm.memory.text(at, size);
  const value = find(vm, path);
  if (value === undefined) return NOT_FOUND;
  if (typeof value === 'string') return giveText(vm, value, atOut, sizeOut);
  return giveBytes(vm, encodeValue(value), atOut, sizeOut);
}

function find(vm: Vm, path: string): PropertyValue | undefined {
  return findProperty(vm, split(path)) ?? vm.stream?.ownProperty(`${OWN}${path}`);
}

/** A property of the plugin, the proxy or the request; not one that a guest has set. */
export function findProperty(vm: Vm, path: readonly string[]): PropertyValue | undefined {
  return ofPlugin(vm, path) ?? vm.stream?.property(path);
}

function split(path: string): string[] {
  const segments = path.split('\0');
  if (segments.length > 1 && segments.at(-1) === '') segments.pop();
  return segments;
}

function ofPlugin(vm: Vm, path: readonly string[]): PropertyValue | undefined {
  switch (path[0]) {
    case 'plugin_name':
      return vm.spec.id;
    case 'plugin_root_id':
      return vm.spec.rootId;
    case 'plugin_vm_id':
      return vm.spec.vmId;
    case 'node':
      return path.length > 2 ? undefined : ofNode(vm, path[1]);
    case 'xds':
      return path[1] === 'node' && path.length < 4 ? ofNode(vm, path[2]) : undefined;
    default:
      return undefined;
  }
}

/** A field of the message `envoy.config.core.v3.Node`, or all of it as protobuf. */
function ofNode(vm: Vm, field: string | undefined): PropertyValue | undefined {
  const { id, cluster } = vm.deps.node;
  switch (field) {
    case undefined:
      return protoMessage([1, Buffer.from(id)], [2, Buffer.from(cluster)]);
    case 'id':
      return id;
    case 'cluster':
      return cluster;
    case 'metadata':
    case 'locality':
      return '';
    default:
      return undefined;
  }
}

/** By kind: see {@link PropertyValue}. */
function encodeValue(value: Exclude<PropertyValue, string>): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0);
  if (typeof value === 'object') return encodePairs(value);
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt.asIntN(64, typeof value === 'bigint' ? value : BigInt(value)));
  return bytes;
}

export function setProperty(
  vm: Vm,
  at: number,
  size: number,
  valueAt: number,
  valueSize: number,
): number {
  const memory = vm.memory;
  if (!memory.has(at, size) || !memory.has(valueAt, valueSize)) return INVALID_MEMORY_ACCESS;
  if (vm.stream === null || valueSize > VALUE_BYTES_MAX) {
    vm.warn('a property was not set: there is no request, or the value is above 1 MiB');
    return OK;
  }
  const path = latin1(memory.bytes, at, at + size);
  const key = `${OWN}${path}`;
  if (vm.declared.get(path) === true && vm.stream.ownProperty(key) !== undefined)
    return BAD_ARGUMENT;
  vm.stream.setOwnProperty(key, memory.slice(valueAt, valueSize));
  return OK;
}
