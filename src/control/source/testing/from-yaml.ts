/** For tests: YAML text to what the file source makes of it, without a file. */

import type { Problem, Resource } from '../../resource.ts';
import { type Admitted, admit } from '../admit.ts';
import { readDocuments, TreeCache } from '../file/documents.ts';

export interface FromYaml {
  readonly resources: readonly Resource[];
  readonly problems: readonly Problem[];
}

export function fromYaml(text: string): FromYaml {
  const found: Admitted = { resources: [], problems: [] };
  const { documents, problems } = readDocuments('test.yaml', text, new TreeCache());
  for (const { value, at } of documents) if (value !== null) admit(value, at, found);
  const syntax = problems.map((problem) => ({ ...problem, resource: '', path: '' }));
  return { resources: found.resources, problems: [...syntax, ...found.problems] };
}

/** `7:5 unknown-field spec.rules[0].nam` */
export function summary({ location, code, path }: Problem): string {
  return [`${location.line}:${location.column}`, code, path]
    .filter((part) => part !== '')
    .join(' ');
}

/** The problems of one text, each as `code path`. */
export function problemsOf(text: string): string[] {
  return fromYaml(text).problems.map(({ code, path }) => (path === '' ? code : `${code} ${path}`));
}
