import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { protoField, protoMessage } from '../proto.ts';
import { BAD_ARGUMENT } from '../status.ts';
import { signText, verifySignature } from './signatures.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const der = publicKey.export({ format: 'der', type: 'spki' });
const pem = Buffer.from(publicKey.export({ format: 'pem', type: 'spki' }));
const privateDer = privateKey.export({ format: 'der', type: 'pkcs8' });
const privatePem = Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' }));
const text = Buffer.from('hello');
const signature = sign('sha256', text, privateKey);
const sha256 = Buffer.from('sha256');

/** `true`, or why not. */
function outcome(result: Uint8Array | number): string {
  assert.ok(result instanceof Uint8Array, `status ${String(result)}`);
  const error = protoField(result, 2);
  return protoField(result, 1) === 1 ? 'true' : Buffer.from(error as Uint8Array).toString();
}

describe('foreign function verify_signature', () => {
  it('verifies by a key as DER or PEM', () => {
    const rest = [[3, signature] as const, [4, text] as const];
    assert.equal(outcome(verifySignature(protoMessage([1, sha256], [2, der], ...rest))), 'true');
    assert.equal(outcome(verifySignature(protoMessage([1, sha256], [5, pem], ...rest))), 'true');
    const upper = Buffer.from('SHA256');
    assert.equal(outcome(verifySignature(protoMessage([1, upper], [2, der], ...rest))), 'true');
  });

  it('tells why a signature is not valid', () => {
    const ask = (hash: string, signed: Uint8Array): string =>
      outcome(
        verifySignature(protoMessage([1, Buffer.from(hash)], [2, der], [3, signed], [4, text])),
      );
    assert.match(ask('sha256', Buffer.from('noise')), /does not belong/);
    assert.match(ask('sha512', signature), /does not belong/);
    assert.match(ask('md5', signature), /md5 is not a hash/);
  });

  it('refuses no key, two keys and bytes that are none', () => {
    const refused = (...fields: [number, Uint8Array][]): void => {
      const message = protoMessage([1, sha256], [3, signature], [4, text], ...fields);
      assert.equal(verifySignature(message), BAD_ARGUMENT);
    };
    refused();
    refused([2, der], [5, pem]);
    refused([2, Buffer.from('noise')]);
    refused([5, Buffer.from('noise')]);
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.equal(verifySignature(bytes), BAD_ARGUMENT);
        assert.equal(signText(bytes), BAD_ARGUMENT);
      }),
    );
  });
});

describe('foreign function sign', () => {
  it('signs by a key as DER or PEM, and the result verifies', () => {
    for (const key of [[2, privateDer] as const, [4, privatePem] as const]) {
      const result = signText(protoMessage([1, sha256], [3, text], key));
      assert.ok(result instanceof Uint8Array);
      assert.equal(protoField(result, 1), 1);
      assert.deepEqual(Buffer.from(protoField(result, 2) as Uint8Array), signature);
    }
  });

  it('signs with elliptic curves', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = pair.privateKey.export({ format: 'der', type: 'pkcs8' });
    const result = signText(protoMessage([1, sha256], [2, key], [3, text])) as Uint8Array;
    const made = protoField(result, 2) as Uint8Array;
    const open = pair.publicKey.export({ format: 'der', type: 'spki' });
    const check = protoMessage([1, sha256], [2, open], [3, made], [4, text]);
    assert.equal(outcome(verifySignature(check)), 'true');
  });

  it('tells of a hash it does not know', () => {
    const result = signText(protoMessage([1, Buffer.from('md5')], [2, privateDer], [3, text]));
    assert.ok(result instanceof Uint8Array);
    assert.equal(protoField(result, 1), undefined);
    assert.match(Buffer.from(protoField(result, 3) as Uint8Array).toString(), /md5/);
  });
});
