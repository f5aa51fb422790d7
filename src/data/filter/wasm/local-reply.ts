/**
 * A guest's own answer as the chain takes it. As Envoy has it: a body without a type is plain text,
 * and a client that speaks gRPC is answered in its own terms, with a status in the head and no body.
 */

import type { GuestReply } from '../../../runtime/proxy-wasm/stream.ts';
import { fieldValue, type RequestHead } from '../../codec/head.ts';
import type { LocalReply } from '../contract.ts';

const GRPC = 'application/grpc';
const GRPC_TYPE = /^application\/grpc(?:[+;]|$)/;
const NO_BYTES = new Uint8Array(0);

/** By HTTP status; any other is "unknown". */
const GRPC_STATUS: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};
const GRPC_UNKNOWN = 2;

/** gRPC's own mapping of an HTTP status. */
export function grpcStatusOf(status: number): number {
  return GRPC_STATUS[status] ?? GRPC_UNKNOWN;
}

export function localReplyOf(reply: GuestReply, request: RequestHead): LocalReply {
  const details = reply.details === '' ? 'wasm_local_response' : reply.details;
  if (GRPC_TYPE.test(fieldValue(request.fields, 'content-type') ?? '')) {
    return { status: 200, fields: grpcFields(reply), body: NO_BYTES, details };
  }
  const { status, fields, body, grpcStatus } = reply;
  const typed = body.length === 0 || fieldValue(fields, 'content-type') !== undefined;
  return {
    status,
    fields: typed ? fields : [...fields, 'content-type', 'text/plain'],
    body,
    details,
    grpcStatus,
  };
}

function grpcFields({ status, fields, body, grpcStatus }: GuestReply): string[] {
  const code = grpcStatus >= 0 ? grpcStatus : grpcStatusOf(status);
  const own = ['content-type', GRPC, 'grpc-status', String(code), ...fields];
  return body.length === 0 ? own : [...own, 'grpc-message', grpcMessage(body)];
}

/** Printable ASCII but the percent sign stays; any other byte is written as %XX. */
function grpcMessage(body: Uint8Array): string {
  let text = '';
  for (const byte of body) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    text += plain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
