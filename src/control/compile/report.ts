/** Collects the problems that compile itself finds; those of the schema are the source's to report. */

import { type FieldPath, type Problem, pathText, type Resource } from '../resource.ts';

export class Report {
  readonly #problems: Problem[] = [];

  /** Keeps (part of) the resource out of force. */
  error(resource: Resource, path: FieldPath, code: string, message: string, remedy: string): void {
    this.#problems.push(problem(resource, path, { severity: 'error', code, message, remedy }));
  }

  warning(
    resource: Resource,
    path: FieldPath,
    code: string,
    message: string,
    remedy: string,
  ): void {
    this.#problems.push(problem(resource, path, { severity: 'warning', code, message, remedy }));
  }

  /** By place, so that the list does not depend on the order of compilation. */
  sorted(): readonly Problem[] {
    return this.#problems.sort(byPlace);
  }
}

/** `HTTPRoute default/shop`; a kind without namespaces has its name alone. */
export function resourceText({ kind, namespace, name }: Resource): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

type Text = Pick<Problem, 'severity' | 'code' | 'message' | 'remedy'>;

function problem(resource: Resource, path: FieldPath, text: Text): Problem {
  return {
    severity: text.severity,
    code: text.code,
    resource: resourceText(resource),
    path: pathText(path),
    location: resource.at(path),
    message: text.message,
    remedy: text.remedy,
  };
}

/** By file, line and column. */
export function byPlace(a: Problem, b: Problem): number {
  return (
    compareText(a.location.file, b.location.file) ||
    a.location.line - b.location.line ||
    a.location.column - b.location.column ||
    compareText(a.path, b.path) ||
    compareText(a.message, b.message)
  );
}

/** Order by code unit: the same on every machine, unlike a locale's. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
