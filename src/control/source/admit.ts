/**
 * A parsed object to a Resource: find its kind, lift it to the newest version, check it against the
 * schema. Whatever is wrong becomes a problem with its place; an object that at least says what it
 * is becomes a resource all the same, so that compile can leave out just the part that is broken.
 */

import {
  type FieldPath,
  type Location,
  type Problem,
  pathText,
  type Resource,
} from '../resource.ts';
import { apiVersionOf, KINDS, type Kind, kindNamed } from '../schema/kinds.ts';
import { type Finding, Inspection, isRecord, shorten } from '../schema/schema.ts';
import { didYouMean } from '../schema/suggest.ts';
import { toNewest } from './convert.ts';

const DEFAULT_NAMESPACE = 'default';

/** Where the field at a path of the object stands. */
export type Places = (path: FieldPath) => Location;

export interface Admitted {
  readonly resources: Resource[];
  readonly problems: Problem[];
}

/** Adds to `into` what `value` is: a resource, a `kind: List` of them, or a problem. */
export function admit(value: unknown, at: Places, into: Admitted): void {
  if (isRecord(value) && value['kind'] === 'List' && value['apiVersion'] === 'v1') {
    admitList(value, at, into);
  } else {
    admitOne(value, at, into);
  }
}

const LIST_FIELDS: readonly string[] = ['apiVersion', 'kind', 'metadata', 'items'];

function admitList(value: Readonly<Record<string, unknown>>, at: Places, into: Admitted): void {
  const refuse = refusal('List', at, into);
  for (const field of Object.keys(value)) {
    if (LIST_FIELDS.includes(field)) continue;
    const message = `unknown field "${shorten(field)}"${didYouMean(field, LIST_FIELDS)}`;
    refuse([field], 'unknown-field', message, `Known here: ${LIST_FIELDS.join(', ')}.`);
  }
  const items = value['items'];
  if (!Array.isArray(items)) {
    refuse(['items'], 'wrong-type', 'must be a list', 'Put the objects below "items".');
    return;
  }
  for (const [index, item] of items.entries()) {
    admitOne(item, (path) => at(['items', index, ...path]), into);
  }
}

type Refuse = (path: FieldPath, code: string, message: string, remedy: string) => void;

function refusal(resource: string, at: Places, into: Admitted): Refuse {
  return (path, code, message, remedy) => {
    into.problems.push({
      severity: 'error',
      code,
      resource,
      path: pathText(path),
      location: at(path),
      message,
      remedy,
    });
  };
}

function admitOne(value: unknown, at: Places, into: Admitted): void {
  if (!isRecord(value)) {
    const remedy = 'Write apiVersion, kind, metadata and spec; divide objects by a line "---".';
    refusal('', at, into)([], 'not-an-object', 'is not an object', remedy);
    return;
  }
  const found = identify(value, at, into);
  if (found === null) return;
  const { kind, version } = found;
  const body = toNewest(kind, version, value);
  const metadata = isRecord(body['metadata']) ? body['metadata'] : {};
  const namespace = kind.namespaced ? textOr(metadata['namespace'], DEFAULT_NAMESPACE) : '';
  const name = textOr(metadata['name'], '');
  const title = [kind.name, [namespace, name].filter((part) => part !== '').join('/')].join(' ');
  const inspection = new Inspection();
  kind.schema(body, inspection);
  if (!kind.served) {
    const message = `this version of Tulle does not serve ${kind.name}`;
    inspection.warning('not-served', message, 'Nothing of it is in force; remove it, or wait.');
  }
  const problems = inspection.findings.map((finding) => placed(finding, title, at));
  into.problems.push(...problems);
  if (name === '') return;
  into.resources.push({
    group: kind.group,
    version: kind.versions[0] ?? version,
    kind: kind.name,
    namespace,
    name,
    labels: textsOf(metadata['labels']),
    annotations: textsOf(metadata['annotations']),
    createdMs: dateMs(metadata['creationTimestamp']),
    body,
    problems: problems.filter(({ severity }) => severity === 'error'),
    at,
  });
}

/** Which kind and version an object says it is; null, with a problem, if we know none such. */
function identify(
  value: Readonly<Record<string, unknown>>,
  at: Places,
  into: Admitted,
): { readonly kind: Kind; readonly version: string } | null {
  const { apiVersion, kind: name } = value;
  const refuse = refusal(typeof name === 'string' ? shorten(name) : '', at, into);
  if (typeof name !== 'string' || name === '') {
    const remedy = 'Say what the object is, for example kind: HTTPRoute.';
    refuse(['kind'], 'missing-field', '"kind" is missing', remedy);
    return null;
  }
  const kind = kindNamed(name);
  if (kind === undefined) {
    const names = KINDS.map((known) => known.name);
    const message = `unknown kind "${shorten(name)}"${didYouMean(name, names)}`;
    refuse(['kind'], 'unknown-kind', message, `Tulle knows ${names.join(', ')}.`);
    return null;
  }
  const known = kind.versions.map((version) => apiVersionOf(kind, version));
  const index = typeof apiVersion === 'string' ? known.indexOf(apiVersion) : -1;
  const version = kind.versions[index];
  if (version !== undefined) return { kind, version };
  const missing = apiVersion === undefined || apiVersion === null;
  const given = typeof apiVersion === 'string' ? `"${shorten(apiVersion)}"` : 'what stands there';
  const message = missing ? '"apiVersion" is missing' : `${name} has no version ${given}`;
  const code = missing ? 'missing-field' : 'unknown-version';
  refuse(['apiVersion'], code, message, `Write apiVersion: ${known.join(' or ')}.`);
  return null;
}

function placed(finding: Finding, resource: string, at: Places): Problem {
  const { path, ...rest } = finding;
  return { ...rest, resource, path: pathText(path), location: at(path) };
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback;
}

const NONE: Readonly<Record<string, string>> = {};

function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return NONE;
  const texts = Object.entries(value).filter((entry) => typeof entry[1] === 'string');
  return Object.fromEntries(texts) as Record<string, string>;
}

function dateMs(value: unknown): number {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? 0 : ms;
}
