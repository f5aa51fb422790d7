/** A YAML file of the workbench: read, checked against its schema, every problem with its place. */

import { type FieldPath, type Location, type Problem, pathText } from '../../control/resource.ts';
import { Inspection, type Schema } from '../../control/schema/schema.ts';
import { readDocuments, TreeCache } from '../../control/source/file/documents.ts';

export interface CheckedDocument<T> {
  readonly value: T;
  /** Of a field, as far as it is there. */
  at(path: FieldPath): Location;
}

export interface CheckedDocuments<T> {
  readonly documents: readonly CheckedDocument<T>[];
  readonly problems: readonly Problem[];
}

/** Documents without an error; empty ones are left out. `T` is what `schema` lets pass. */
export function readYaml<T>(file: string, text: string, schema: Schema): CheckedDocuments<T> {
  const found = readDocuments(file, text, new TreeCache());
  const problems: Problem[] = found.problems.map((problem) => ({
    ...problem,
    severity: 'error',
    resource: '',
    path: '',
  }));
  const documents: CheckedDocument<T>[] = [];
  for (const { value, at } of found.documents) {
    if (value === null || value === undefined) continue;
    const inspection = new Inspection();
    schema(value, inspection);
    for (const { path, ...finding } of inspection.findings) {
      problems.push({ ...finding, resource: '', path: pathText(path), location: at(path) });
    }
    if (inspection.errorCount === 0) documents.push({ value: value as T, at });
  }
  return { documents, problems };
}
