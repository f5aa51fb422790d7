/**
 * Fields that tell the backend where a request came from. What a client claims is believed only if
 * its address is a trusted proxy; everybody else's claims are replaced.
 */

import { type Fields, fieldValue, joinedFieldValue, removeField, setField } from '../codec/head.ts';

export interface Peer {
  readonly remoteAddress: string;
  readonly trusted: boolean;
}

/** Sets x-forwarded-for, x-forwarded-proto and x-request-id; returns the request id. */
export function setForwardingFields(
  fields: Fields,
  peer: Peer,
  scheme: string,
  newId: () => string,
): string {
  const { remoteAddress } = peer;
  if (!hasNone(fields)) {
    if (peer.trusted) return appendForwardingFields(fields, remoteAddress, scheme, newId);
    removeField(fields, 'x-request-id');
    removeField(fields, 'x-forwarded-proto');
    removeField(fields, 'x-forwarded-for');
  }
  const id = newId();
  fields.push('x-forwarded-for', remoteAddress);
  fields.push('x-forwarded-proto', scheme, 'x-request-id', id);
  return id;
}

function appendForwardingFields(
  fields: Fields,
  remoteAddress: string,
  scheme: string,
  newId: () => string,
): string {
  const before = joinedFieldValue(fields, 'x-forwarded-for');
  const chain = before === undefined ? remoteAddress : `${before}, ${remoteAddress}`;
  setField(fields, 'x-forwarded-for', chain);
  if (fieldValue(fields, 'x-forwarded-proto') === undefined) {
    fields.push('x-forwarded-proto', scheme);
  }
  const id = fieldValue(fields, 'x-request-id') || newId();
  setField(fields, 'x-request-id', id);
  return id;
}

function hasNone(fields: Fields): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (name.charCodeAt(0) !== 0x78 || name.charCodeAt(1) !== 0x2d) continue;
    if (name === 'x-request-id' || name === 'x-forwarded-for' || name === 'x-forwarded-proto') {
      return false;
    }
  }
  return true;
}
