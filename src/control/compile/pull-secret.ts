/**
 * `imagePullSecret`: the Docker configuration in a Secret of the resource's namespace. As with the
 * kubelet, one that cannot be used does not keep the image from being pulled without it; that it
 * could not be used is told.
 */

import { parseKeyring } from '../../runtime/module/fetch/credentials.ts';
import type { FieldPath, Resource } from '../resource.ts';
import { soundnessOf } from './broken.ts';
import type { Context } from './context.ts';
import { CORE_GROUP } from './groups.ts';

const KEY = '.dockerconfigjson';
/** Of the older type `kubernetes.io/dockercfg`: what is below `auths` in the other. */
const OLD_KEY = '.dockercfg';
const FIELD: FieldPath = ['spec', 'imagePullSecret'];

/** Text of the Docker configuration; '' where none is named or usable. */
export function pullSecretText(
  context: Context,
  resource: Resource,
  name: string | undefined,
): string {
  if (name === undefined || name === '') return '';
  const key = `${resource.namespace}/${name}`;
  const secret = context.index.get(CORE_GROUP, 'Secret', key);
  const found = secret === undefined ? { problem: `there is no Secret ${key}` } : configIn(secret);
  if (!('problem' in found)) return found.text;
  context.report.warning(
    resource,
    FIELD,
    'bad-secret',
    `${found.problem}; the module is fetched without it`,
    `Make it with: kubectl create secret docker-registry ${name} --dry-run=client -o yaml ...`,
  );
  return '';
}

function configIn(secret: Resource): { readonly text: string } | { readonly problem: string } {
  const title = `Secret ${secret.namespace}/${secret.name}`;
  if (soundnessOf(secret).any) return { problem: `${title} has errors` };
  const current = entryOf(secret, KEY);
  const old = current === null ? entryOf(secret, OLD_KEY) : null;
  const text = current ?? (old === null ? null : `{"auths": ${old}}`);
  if (text === null) return { problem: `${title} has no entry ${KEY}` };
  const keyring = parseKeyring(title, text);
  return 'problem' in keyring ? keyring : { text };
}

function entryOf({ body }: Resource, key: string): string | null {
  const plain = (body['stringData'] as Readonly<Record<string, string>> | undefined)?.[key];
  if (plain !== undefined) return plain;
  const encoded = (body['data'] as Readonly<Record<string, string>> | undefined)?.[key];
  return encoded === undefined ? null : Buffer.from(encoded, 'base64').toString();
}
