/** Compiles YAML text the way files are compiled, without files: for tests. */

import type { Problem, Resource } from '../../resource.ts';
import { type Admitted, admit } from '../../source/admit.ts';
import { readDocuments, TreeCache } from '../../source/file/documents.ts';
import type { Condition, ResourceStatus } from '../../status/status.ts';
import { type Compilation, compile } from '../compile.ts';
import type { CompileOptions } from '../options.ts';

export const FILE = '/conf/mesh.yaml';

export interface Mesh extends Compilation {
  readonly resources: readonly Resource[];
  /** Of the schema. */
  readonly schemaProblems: readonly Problem[];
}

export const OPTIONS: CompileOptions = {
  version: 1,
  baseDirOf: () => '/conf',
  checkRegex: (pattern) => (pattern.includes('(unclosed') ? 'missing )' : null),
  env: (name) => (name === 'HOME' ? '/home/tulle' : undefined),
  fileExists: (path) => !path.includes('missing'),
};

export function readMesh(text: string): Admitted {
  const { documents, problems } = readDocuments(FILE, text, new TreeCache());
  if (problems.length > 0) throw new Error(`not YAML: ${problems[0]?.message}`);
  const admitted: Admitted = { resources: [], problems: [] };
  for (const { value, at } of documents) {
    if (value !== null) admit(value, at, admitted);
  }
  return admitted;
}

export function mesh(text: string, options: Partial<CompileOptions> = {}): Mesh {
  const { resources, problems } = readMesh(text);
  return {
    ...compile(resources, { ...OPTIONS, ...options }),
    resources,
    schemaProblems: problems,
  };
}

/** `severity code path` of each, for short assertions. */
export function codes(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ severity, code, path }) => `${severity} ${code} ${path}`.trim());
}

export function conditionText({ type, status, reason }: Condition): string {
  return `${type}=${status} ${reason}`;
}

/** Status of one resource, by kind and name; it must be there. */
export function statusOf(found: Mesh, kind: string, name: string): ResourceStatus {
  const status = found.status.find((entry) => entry.kind === kind && entry.name === name);
  if (status === undefined) throw new Error(`no status of ${kind} ${name}`);
  return status;
}

/** Conditions of a route for its parent at the position, or of a policy for its target. */
export function parentConditions(
  found: Mesh,
  kind: string,
  name: string,
  position = 0,
): readonly string[] {
  const parent = statusOf(found, kind, name).parents[position];
  return (parent?.conditions ?? []).map(conditionText);
}

/** Conditions of a Gateway's listener. */
export function listenerConditions(
  found: Mesh,
  gatewayName: string,
  section: string,
): readonly string[] {
  const listener = statusOf(found, 'Gateway', gatewayName).listeners.find(
    ({ name }) => name === section,
  );
  return (listener?.conditions ?? []).map(conditionText);
}

/** A Gateway `edge` with one listener on port 8080; `listener` adds fields to it, in flow style. */
export function gateway(listener = ''): string {
  const fields = ['name: http', 'port: 8080', 'protocol: HTTP', listener].filter(Boolean);
  return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: tulle
  listeners:
  - {${fields.join(', ')}}
`;
}

/** An HTTPRoute for `edge` with the given rest of its spec, indented by two. */
export function route(name: string, spec: string, metadata = ''): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}${metadata}}
spec:
  parentRefs: [{name: edge}]
${spec}
`;
}

/** A Backend of that name at 127.0.0.1:9000. */
export function backend(name: string, metadata = ''): string {
  return `---
apiVersion: tulle.dev/v1alpha1
kind: Backend
metadata: {name: ${name}${metadata}}
spec: {endpoints: [{address: 127.0.0.1, port: 9000}]}
`;
}

/** A backendRef to a Backend, in flow style. */
export function to(name: string, more = ''): string {
  return `{group: tulle.dev, kind: Backend, name: ${name}${more}}`;
}
