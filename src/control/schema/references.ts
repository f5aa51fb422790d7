/** How objects point at each other, in the shapes that several kinds share. */

import { GROUP, HOSTNAME, KIND, NAMESPACE, REF_NAME, SECTION_NAME } from './formats.ts';
import { int, text } from './scalars.ts';
import {
  type FieldsOf,
  type Inspection,
  type ListBounds,
  list,
  object,
  type Rule,
  required,
  type Schema,
} from './schema.ts';
import type { ObjectRef, TargetRef } from './types.ts';
import type { BackendObjectRef, LocalObjectRef, ParentRef } from './types-http-route.ts';

export const port: Schema = int(1, 65_535);

export const localRef: Schema = object<LocalObjectRef>({
  group: required(text(GROUP)),
  kind: required(text(KIND)),
  name: required(text(REF_NAME)),
});

/** Group, kind and namespace have defaults. */
export const objectRef: Schema = object<ObjectRef>({
  group: text(GROUP),
  kind: text(KIND),
  name: required(text(REF_NAME)),
  namespace: text(NAMESPACE),
});

export const targetRef: Schema = object<TargetRef>({
  group: required(text(GROUP)),
  kind: required(text(KIND)),
  name: required(text(REF_NAME)),
  sectionName: text(SECTION_NAME),
  namespace: text(NAMESPACE),
});

const TARGETS: ListBounds<TargetRef> = {
  max: 16,
  uniqueBy: (ref) => [ref.kind, ref.name, ref.sectionName ?? ''].join('/'),
};

export const targetRefs: Schema = list<TargetRef>(targetRef, { ...TARGETS, min: 1 });

/** Istio's: an empty list is one that is not there. */
export const someTargetRefs: Schema = list<TargetRef>(targetRef, TARGETS);

export const backendRefFields: FieldsOf<BackendObjectRef> = {
  group: text(GROUP),
  kind: text(KIND),
  name: required(text(REF_NAME)),
  namespace: text(NAMESPACE),
  port,
};

export const servicePort: Rule<BackendObjectRef> = (ref, inspection) => {
  if ((ref.group ?? '') !== '' || (ref.kind ?? 'Service') !== 'Service') return;
  if (ref.port !== undefined) return;
  inspection.errorAt(
    ['port'],
    'missing-field',
    '"port" is missing, a Service needs it',
    'Add the port of the Service; a Backend or WasmService is named by "group" and "kind".',
  );
};

export const backendRef: Schema = object<BackendObjectRef>(backendRefFields, servicePort);

export const weight: Schema = int(0, 1_000_000);

export const hostnames: Schema = list(text(HOSTNAME), { max: 16 });

const parentRef: Schema = object<ParentRef>({
  group: text(GROUP),
  kind: text(KIND),
  namespace: text(NAMESPACE),
  name: required(text(REF_NAME)),
  sectionName: text(SECTION_NAME),
  port,
});

const parentRefList: Schema = list(parentRef, { max: 32 });

/** A parent may be named twice only where both say which part of it they mean. */
export const parentRefs: Schema = (value, inspection) => {
  const errorsBefore = inspection.errorCount;
  parentRefList(value, inspection);
  if (inspection.errorCount === errorsBefore) {
    checkParents(value as readonly ParentRef[], inspection);
  }
};

function checkParents(refs: readonly ParentRef[], inspection: Inspection): void {
  const sectionsOfParent = new Map<string, Set<string>>();
  for (const [index, ref] of refs.entries()) {
    const parent = [ref.group ?? '', ref.kind ?? '', ref.namespace ?? '', ref.name].join('/');
    const section = `${ref.sectionName ?? ''}:${ref.port ?? ''}`;
    const others = sectionsOfParent.get(parent);
    if (others === undefined) {
      sectionsOfParent.set(parent, new Set([section]));
    } else if (others.has(section) || section === ':' || others.has(':')) {
      const message = `repeats the parent "${ref.name}"`;
      const remedy = 'Remove it, or give each a sectionName or port of its own.';
      inspection.errorAt([index], 'duplicate', message, remedy);
    } else {
      others.add(section);
    }
  }
}
