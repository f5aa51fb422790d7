/**
 * A small declarative schema language. A schema is a function that looks at a parsed value and
 * notes everything that is wrong with it, each with its field path, what is wrong and what to do;
 * it never stops at the first problem and never throws.
 *
 *     const port = object<Port>({ name: required(text(SECTION_NAME)), port: int(1, 65_535) });
 *
 * `object` is tied to the hand-written interface of the body: the compiler refuses a schema that
 * lacks one of its fields, has one more, or disagrees on which are required. Rules across fields
 * (the Gateway API's CEL expressions) run only on an object whose own fields are sound.
 *
 * As in Kubernetes a null field is an absent one: `object` takes it out of the value, the one thing
 * a schema changes.
 */

import type { FieldPath } from '../resource.ts';
import { didYouMean } from './suggest.ts';

export type Schema = (value: unknown, inspection: Inspection) => void;

/** A problem before it is known in which file and resource it stands. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly path: FieldPath;
  readonly message: string;
  readonly remedy: string;
}

/**
 * Findings of one severity beyond are not noted: nobody reads a million of them. Errors and warnings
 * are counted apart, so that no number of warnings hides an error.
 */
const FINDINGS_MAX = 100;

/** One walk over one value: where it stands and what it found. */
export class Inspection {
  readonly findings: Finding[] = [];
  /** Errors so far, also those past the bound. */
  errorCount = 0;
  #warningCount = 0;
  readonly #path: (string | number)[] = [];

  error(code: string, message: string, remedy: string): void {
    this.errorCount++;
    if (this.errorCount > FINDINGS_MAX) return;
    this.#note('error', code, message, remedy);
  }

  warning(code: string, message: string, remedy: string): void {
    this.#warningCount++;
    if (this.#warningCount > FINDINGS_MAX) return;
    this.#note('warning', code, message, remedy);
  }

  /** Runs `schema` one step further down. */
  enter(key: string | number, schema: Schema, value: unknown): void {
    this.#path.push(key);
    schema(value, this);
    this.#path.pop();
  }

  /** Notes an error at a path below the present one. */
  errorAt(path: FieldPath, code: string, message: string, remedy: string): void {
    this.#path.push(...path);
    this.error(code, message, remedy);
    this.#path.length -= path.length;
  }

  #note(severity: Finding['severity'], code: string, message: string, remedy: string): void {
    this.findings.push({ severity, code, path: [...this.#path], message, remedy });
  }
}

export interface RequiredField {
  readonly required: Schema;
}

/** Marks a field that must be there. */
export function required(schema: Schema): RequiredField {
  return { required: schema };
}

/** One entry for each field of `T`, required exactly where it is in `T`. */
export type FieldsOf<T> = {
  readonly [K in keyof T]-?: object extends Pick<T, K> ? Schema : RequiredField;
};

/** A condition over several fields; the value is sound by itself when it runs. */
export type Rule<T> = (value: T, inspection: Inspection) => void;

export function object<T extends object>(
  fields: FieldsOf<T>,
  ...rules: readonly Rule<T>[]
): Schema {
  const schemas: Record<string, Schema> = Object.create(null);
  const requiredNames: string[] = [];
  for (const [name, field] of Object.entries<Schema | RequiredField>(fields)) {
    schemas[name] = typeof field === 'function' ? field : field.required;
    if (typeof field !== 'function') requiredNames.push(name);
  }
  return (value, inspection) => {
    if (!isRecord(value)) {
      wrongType(value, 'an object', 'Write its fields below it, indented.', inspection);
      return;
    }
    const errorsBefore = inspection.errorCount;
    for (const name in value) {
      const schema = schemas[name];
      const field = value[name];
      if (schema === undefined) {
        inspection.enter(name, unknownField(name, schemas), field);
      } else if (field === null) {
        delete value[name];
      } else {
        inspection.enter(name, schema, field);
      }
    }
    for (const name of requiredNames) {
      if (value[name] === undefined) {
        inspection.enter(name, missingField, name);
      }
    }
    if (inspection.errorCount !== errorsBefore) return;
    for (const rule of rules) rule(value as T, inspection);
  };
}

function unknownField(name: string, known: Readonly<Record<string, Schema>>): Schema {
  return (_, inspection) => {
    const names = Object.keys(known);
    inspection.error(
      'unknown-field',
      `unknown field "${shorten(name)}"${didYouMean(name, names)}`,
      names.length > 0 ? `Known here: ${names.join(', ')}.` : 'Remove it.',
    );
  };
}

const missingField: Schema = (name, inspection) => {
  inspection.error('missing-field', `"${String(name)}" is missing`, 'Add it; it is required here.');
};

export interface ListBounds<T> {
  readonly min?: number;
  readonly max?: number;
  /** Two items must not have the same key; null: an item without one. */
  readonly uniqueBy?: (item: T) => string | null;
}

export function list<T = unknown>(item: Schema, bounds: ListBounds<T> = {}): Schema {
  const { min = 0, max = Number.POSITIVE_INFINITY, uniqueBy } = bounds;
  return (value, inspection) => {
    if (!Array.isArray(value)) {
      wrongType(value, 'a list', 'Begin each entry with "- ", or write [a, b].', inspection);
      return;
    }
    if (value.length < min) {
      inspection.error('too-few', `needs at least ${min} of them`, 'Add one.');
    }
    if (value.length > max) {
      inspection.error(
        'too-many',
        `has ${value.length} entries, at most ${max} are allowed`,
        'Move the rest to another resource.',
      );
      return;
    }
    const errorsBefore = inspection.errorCount;
    for (let index = 0; index < value.length; index++) {
      inspection.enter(index, item, value[index]);
    }
    if (uniqueBy !== undefined && inspection.errorCount === errorsBefore) {
      checkUnique(value, uniqueBy, inspection);
    }
  };
}

function checkUnique<T>(
  items: readonly T[],
  keyOf: (item: T) => string | null,
  inspection: Inspection,
): void {
  const firstIndexOfKey = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item);
    if (key === null) continue;
    const first = firstIndexOfKey.get(key);
    if (first === undefined) {
      firstIndexOfKey.set(key, index);
      continue;
    }
    const message = `"${shorten(key)}" repeats entry ${first}`;
    inspection.errorAt([index], 'duplicate', message, 'Keep one of them, or rename it.');
  }
}

/** An object with any keys, each value of one schema. */
export function mapOf(item: Schema, entriesMax: number = Number.POSITIVE_INFINITY): Schema {
  return (value, inspection) => {
    if (!isRecord(value)) {
      wrongType(value, 'an object', 'Write "key: value" pairs below it, indented.', inspection);
      return;
    }
    const names = Object.keys(value);
    if (names.length > entriesMax) {
      inspection.error(
        'too-many',
        `has ${names.length} entries, at most ${entriesMax} are allowed`,
        'Remove some.',
      );
    }
    for (const name of names) inspection.enter(name, item, value[name]);
  };
}

/** An object whose inside is not ours to check. */
export const freeForm: Schema = (value, inspection) => {
  if (!isRecord(value)) {
    wrongType(value, 'an object', 'Write its fields below it, indented.', inspection);
  }
};

/** Anything, for fields that Kubernetes fills in. */
export const anything: Schema = () => {};

/** As `schema`, and says that the field has no effect yet. */
export function notServed(schema: Schema): Schema {
  return (value, inspection) => {
    inspection.warning(
      'not-served',
      'has no effect: this version does not serve it',
      'Remove it, or do not rely on it.',
    );
    schema(value, inspection);
  };
}

/**
 * For an object where the value of `tag` names the one other field that must be there:
 * `variants` maps each value of it to that field's name.
 */
export function taggedBy<T extends object>(
  tag: keyof T & string,
  variants: Readonly<Record<string, string>>,
): Rule<T> {
  return (value, inspection) => {
    const record = value as Readonly<Record<string, unknown>>;
    const chosen = String(record[tag]);
    for (const [variant, field] of Object.entries(variants)) {
      if (variant === chosen && record[field] === undefined) {
        const message = `"${field}" is missing, ${tag} is ${chosen}`;
        inspection.errorAt([field], 'missing-field', message, `Add it, or change ${tag}.`);
      }
      if (variant !== chosen && record[field] !== undefined) {
        const message = `"${field}" does not go with ${tag} ${chosen}`;
        inspection.errorAt([field], 'conflict', message, `Remove it, or set ${tag}: ${variant}.`);
      }
    }
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Says what stands there by its type alone: the value may be a secret. */
export function wrongType(
  value: unknown,
  expected: string,
  remedy: string,
  inspection: Inspection,
): void {
  inspection.error('wrong-type', `must be ${expected}, is ${typeText(value)}`, remedy);
}

function typeText(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? 'true or false' : 'a number';
}

const TEXT_SHOWN_MAX = 80;

/** For messages: what a user wrote, on one line and cut where it is long. */
export function shorten(text: string): string {
  return visible(text.length <= TEXT_SHOWN_MAX ? text : `${text.slice(0, TEXT_SHOWN_MAX)}...`);
}

/** Control characters as escapes, so that no text can take over a terminal or begin a line. */
export function visible(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return CONTROL_NAMES.get(character) ?? `\\u${code}`;
  });
}

const CONTROL_NAMES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);
