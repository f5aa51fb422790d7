/**
 * Properties of a request (the attributes of Envoy's documentation) that have a meaning here. The
 * path is a list of segments; names of older Envoys are known too. Undefined: no such property, or
 * not known yet.
 */

import type { StreamInfo } from '../../../observe/stream-info.ts';
import { nanoseconds } from '../../../runtime/proxy-wasm/calls/timers.ts';
import type { PropertyValue } from '../../../runtime/proxy-wasm/stream.ts';
import { type Fields, fieldValue, type ResponseHead } from '../../codec/head.ts';
import type { FilterHost } from '../contract.ts';
import { grpcStatusOf } from './local-reply.ts';

/** Envoy's legacy bit vector, for the flags that Tulle sets. */
const FLAG_BITS: Readonly<Record<string, number>> = {
  UH: 0x2,
  UT: 0x4,
  UF: 0x20,
  UC: 0x40,
  UO: 0x80,
  NR: 0x100,
  DC: 0x4000,
  SI: 0x1_0000,
  DPE: 0x4_0000,
};

/** Metadata is there in Envoy whether anybody wrote some or not: an empty message. */
const NO_MESSAGE = '';

const LENGTH = /^\d{1,15}$/;

export function requestProperty(
  host: FilterHost,
  path: readonly string[],
): PropertyValue | undefined {
  const [first, second = '', third] = path;
  switch (first) {
    case 'request':
      return ofRequest(host, second, third);
    case 'response':
      return ofResponse(host, second, third);
    case 'connection':
      return ofConnection(host.info, second);
    case 'source':
      return ofAddress(host.info.downstreamRemoteAddress, second);
    case 'destination':
      return ofAddress(host.info.downstreamLocalAddress, second);
    case 'upstream':
      return ofUpstream(host.info, second);
    case 'xds':
      return third === undefined ? ofConfiguration(host.info, second) : undefined;
    case 'filter_state':
      return host.info.filterState?.get(second);
    case 'connection_id':
      return host.info.connectionId;
    default:
      return path.length === 1 ? ofConfiguration(host.info, first as string) : undefined;
  }
}

function ofRequest(host: FilterHost, name: string, field?: string): PropertyValue | undefined {
  const { request, info } = host;
  const cut = request.target.indexOf('?');
  switch (name) {
    case 'path':
      return request.target;
    case 'url_path':
      return cut === -1 ? request.target : request.target.slice(0, cut);
    case 'query':
      return cut === -1 ? '' : request.target.slice(cut + 1);
    case 'host':
      return request.authority;
    case 'scheme':
      return request.scheme;
    case 'method':
      return request.method;
    case 'protocol':
      return info.protocol;
    case 'referer':
      return fieldValue(request.fields, 'referer');
    case 'useragent':
      return fieldValue(request.fields, 'user-agent');
    case 'id':
      return fieldValue(request.fields, 'x-request-id');
    case 'headers':
      return ofFields(request.fields, field);
    case 'headers_bytes':
      return info.requestHeadBytes;
    case 'time':
      return nanoseconds(info.startWallMs);
    case 'duration':
      return info.endMs < 0 ? undefined : nanoseconds(info.endMs);
    case 'size':
      return requestSize(host);
    case 'total_size':
      return info.requestHeadBytes + info.requestBodyBytes;
    default:
      return undefined;
  }
}

function requestSize(host: FilterHost): number | undefined {
  const announced = fieldValue(host.request.fields, 'content-length');
  if (announced === undefined) return host.info.requestBodyBytes;
  return LENGTH.test(announced) ? Number(announced) : undefined;
}

function ofResponse(host: FilterHost, name: string, field?: string): PropertyValue | undefined {
  const { response, responseTrailers, info } = host;
  const fields = response?.fields ?? null;
  switch (name) {
    case 'code':
      return response?.status ?? (info.status === 0 ? undefined : info.status);
    case 'code_details':
      return info.statusDetails === '' ? undefined : info.statusDetails;
    case 'flags':
      return flagBits(info.responseFlags);
    case 'headers':
      return fields === null ? undefined : ofFields(fields, field);
    case 'trailers':
      return responseTrailers === null ? undefined : ofFields(responseTrailers, field);
    case 'headers_bytes':
      return info.responseHeadBytes;
    case 'size':
      return info.responseBodyBytes;
    case 'total_size':
      return info.responseHeadBytes + info.responseBodyBytes;
    case 'grpc_status':
      return grpcStatus(responseTrailers, response);
    default:
      return undefined;
  }
}

/** The whole list as a map, or one field with its values joined by a comma, as Envoy does it. */
function ofFields(fields: Fields, name: string | undefined): PropertyValue | undefined {
  if (name === undefined) return fields;
  const wanted = name.toLowerCase();
  let joined: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== wanted) continue;
    joined = joined === undefined ? fields[i + 1] : `${joined},${fields[i + 1]}`;
  }
  return joined;
}

function flagBits(flags: string): number {
  if (flags === '' || flags === '-') return 0;
  return flags.split(',').reduce((bits, flag) => bits | (FLAG_BITS[flag] ?? 0), 0);
}

/** Of the trailers, else of the head, else what gRPC makes of the HTTP status. */
function grpcStatus(trailers: Fields | null, head: ResponseHead | null): number | undefined {
  if (head === null) return undefined;
  for (const fields of [trailers, head.fields]) {
    const text = fields === null ? undefined : fieldValue(fields, 'grpc-status');
    if (text !== undefined && LENGTH.test(text)) return Number(text);
  }
  return grpcStatusOf(head.status);
}

/** A listener without TLS. */
function ofConnection(info: StreamInfo, name: string): PropertyValue | undefined {
  if (name === 'id') return info.connectionId;
  if (name === 'mtls') return false;
  return name === 'requested_server_name' ? '' : undefined;
}

function ofAddress(address: string, name: string): PropertyValue | undefined {
  if (address === '') return undefined;
  if (name === 'address') return address;
  return name === 'port' ? Number(address.slice(address.lastIndexOf(':') + 1)) : undefined;
}

function ofUpstream(info: StreamInfo, name: string): PropertyValue | undefined {
  if (name === 'request_attempt_count') return info.attempts;
  return name === 'locality' ? NO_MESSAGE : ofAddress(info.upstreamAddress, name);
}

function ofConfiguration(info: StreamInfo, name: string): PropertyValue | undefined {
  switch (name) {
    case 'cluster_name':
      return info.clusterName === '' ? undefined : info.clusterName;
    case 'route_name':
      return info.routeName === '' ? undefined : info.routeName;
    case 'filter_chain_name':
      return info.listenerName;
    case 'listener_direction':
      return 0;
    case 'metadata':
    case 'cluster_metadata':
    case 'route_metadata':
    case 'virtual_host_metadata':
    case 'listener_metadata':
    case 'upstream_host_metadata':
    case 'upstream_host_locality_metadata':
      return NO_MESSAGE;
    default:
      return undefined;
  }
}
