/**
 * What every kind has: apiVersion, kind, metadata, status. What Kubernetes itself writes there is
 * accepted and ignored, so that `kubectl get -o yaml` output can be used as it is.
 */

import { NAMESPACE, OBJECT_NAME } from './formats.ts';
import { text, textMap } from './scalars.ts';
import {
  anything,
  type FieldsOf,
  object,
  type RequiredField,
  type Rule,
  required,
  type Schema,
} from './schema.ts';
import type { Metadata } from './types.ts';

type Managed =
  | 'uid'
  | 'resourceVersion'
  | 'managedFields'
  | 'ownerReferences'
  | 'finalizers'
  | 'selfLink'
  | 'generateName'
  | 'deletionTimestamp'
  | 'deletionGracePeriodSeconds';

type WholeMetadata = Metadata & { readonly [K in Managed]?: unknown };

const metadata: Schema = object<WholeMetadata>({
  name: required(text(OBJECT_NAME)),
  namespace: text(NAMESPACE),
  labels: textMap,
  annotations: textMap,
  creationTimestamp: text(),
  generation: anything,
  uid: anything,
  resourceVersion: anything,
  managedFields: anything,
  ownerReferences: anything,
  finalizers: anything,
  selfLink: anything,
  generateName: anything,
  deletionTimestamp: anything,
  deletionGracePeriodSeconds: anything,
});

interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly status?: unknown;
}

/** A whole object of a kind that keeps everything in `spec`. */
export function withSpec(spec: Schema): Schema {
  return body<{ readonly spec: unknown }>({ spec: required(spec) });
}

/** A whole object with fields of its own beside the common ones. */
export function body<T extends object>(
  fields: FieldsOf<T>,
  ...rules: readonly Rule<T & Envelope>[]
): Schema {
  const common: FieldsOf<Envelope> = {
    apiVersion: required(text()),
    kind: required(text()),
    metadata: required(metadata),
    status: anything,
  };
  const all: Record<string, Schema | RequiredField> = { ...common, ...fields };
  return object<T & Envelope>(all as FieldsOf<T & Envelope>, ...rules);
}
