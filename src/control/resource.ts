/**
 * A Kubernetes-style object as a source read it, with the place of every field, and the problems
 * found in it. Sources make these, compile reads them; nothing later sees YAML.
 */

export interface Location {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export type FieldPath = readonly (string | number)[];

export interface Problem {
  /** An error keeps (part of) a resource out of force; a warning does not. */
  readonly severity: 'error' | 'warning';
  /** A stable word: `unknown-field`, `wrong-type`, `dangling-reference`... */
  readonly code: string;
  /** `HTTPRoute default/shop`; '' where no resource could be read. */
  readonly resource: string;
  /** `spec.rules[0].matches[1].path.value`; '' for the whole. */
  readonly path: string;
  readonly location: Location;
  readonly message: string;
  readonly remedy: string;
}

export interface Resource {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** ms since the epoch; 0 where the object has none. */
  readonly createdMs: number;
  /** The whole object; typed by the schema of its kind where it has no problem. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Schema errors found in it; compile leaves out or disables what they touch. */
  readonly problems: readonly Problem[];
  /** Where a field stands; the nearest parent's place where it is absent. */
  at(path: FieldPath): Location;
}

/** `spec.rules[0].matches` */
export function pathText(path: FieldPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}
