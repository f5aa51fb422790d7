/**
 * The foreign functions `verify_signature` and `sign`: protobuf messages with a hash's name, a key
 * as PEM or DER (not both), a text and a signature.
 */

import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { protoField, protoMessage } from '../proto.ts';
import { BAD_ARGUMENT, NO_BYTES } from '../status.ts';

const HASHES: ReadonlySet<string> = new Set(['sha1', 'sha224', 'sha256', 'sha384', 'sha512']);

/** Field numbers of `VerifySignatureArguments`. */
const VERIFY = { hash: 1, der: 2, signature: 3, text: 4, pem: 5 } as const;
/** Of `VerifySignatureResult`: a boolean and why it is false. */
const VERIFIED = { error: 2 } as const;
/** Of `SignArguments`. */
const SIGN = { hash: 1, der: 2, text: 3, pem: 4 } as const;
/** Of `SignResult`. */
const SIGNED = { signature: 2, error: 3 } as const;

const TRUE = Uint8Array.of(8, 1);

/** A result message; BAD_ARGUMENT where the key is none. */
export function verifySignature(message: Uint8Array): Uint8Array | number {
  const key = readKey(message, VERIFY, (pem, der) =>
    createPublicKey(der === null ? pem : { key: der, format: 'der', type: 'spki' }),
  );
  if (key === null) return BAD_ARGUMENT;
  const error = (text: string): Uint8Array => protoMessage([VERIFIED.error, Buffer.from(text)]);
  const hash = textOf(message, VERIFY.hash).toLowerCase();
  if (!HASHES.has(hash)) return error(`${hash} is not a hash function that is known`);
  try {
    const valid = verify(
      hash,
      bytesOf(message, VERIFY.text),
      key,
      bytesOf(message, VERIFY.signature),
    );
    return valid ? TRUE : error('the signature does not belong to the text and the key');
  } catch {
    return error('the key cannot verify such a signature');
  }
}

/** A result message; BAD_ARGUMENT where the key is none. */
export function signText(message: Uint8Array): Uint8Array | number {
  const key = readKey(message, SIGN, (pem, der) =>
    createPrivateKey(der === null ? pem : { key: Buffer.from(der), format: 'der', type: 'pkcs8' }),
  );
  if (key === null) return BAD_ARGUMENT;
  const error = (text: string): Uint8Array => protoMessage([SIGNED.error, Buffer.from(text)]);
  const hash = textOf(message, SIGN.hash).toLowerCase();
  if (!HASHES.has(hash)) return error(`${hash} is not a hash function that is known`);
  try {
    const signature = sign(hash, bytesOf(message, SIGN.text), key);
    const rest = protoMessage([SIGNED.signature, signature]);
    const result = new Uint8Array(TRUE.length + rest.length);
    result.set(TRUE);
    result.set(rest, TRUE.length);
    return result;
  } catch {
    return error('the key cannot sign with this hash function');
  }
}

/** Null for no key, two keys, or bytes that are none. */
function readKey(
  message: Uint8Array,
  fields: { readonly pem: number; readonly der: number },
  read: (pem: string, der: Buffer | null) => KeyObject,
): KeyObject | null {
  const pem = textOf(message, fields.pem);
  const der = bytesOf(message, fields.der);
  if ((pem === '') === (der.length === 0)) return null;
  try {
    return read(pem, der.length === 0 ? null : Buffer.from(der));
  } catch {
    return null;
  }
}

function bytesOf(message: Uint8Array, number: number): Uint8Array {
  const value = protoField(message, number);
  return value instanceof Uint8Array ? value : NO_BYTES;
}

function textOf(message: Uint8Array, number: number): string {
  return Buffer.from(bytesOf(message, number)).toString();
}
