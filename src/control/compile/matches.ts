/** HTTPRoute matches with the specification's defaults filled in. */

import type { FieldMatch, Match } from '../../config/route.ts';
import type { FieldPath } from '../resource.ts';
import type { HttpFieldMatch, HttpRouteMatch } from '../schema/types-http-route.ts';

const ROOT: Match['path'] = { type: 'PathPrefix', value: '/' };
const NO_FIELDS: readonly FieldMatch[] = [];

/** A rule without matches takes every request. */
const MATCH_ALL: readonly Match[] = [
  { path: ROOT, headers: NO_FIELDS, query: NO_FIELDS, method: '' },
];

/** Called for each regular expression with the path of its field, relative to the rule. */
export type CheckRegex = (pattern: string, path: FieldPath) => void;

export function compileMatches(
  matches: readonly HttpRouteMatch[] | undefined,
  check: CheckRegex,
): readonly Match[] {
  if (matches === undefined || matches.length === 0) return MATCH_ALL;
  return matches.map((match, position) => compileMatch(match, check, ['matches', position]));
}

function compileMatch(match: HttpRouteMatch, check: CheckRegex, at: FieldPath): Match {
  return {
    path: compilePath(match.path, check, at),
    headers: compileFields(match.headers, check, [...at, 'headers'], true),
    query: compileFields(match.queryParams, check, [...at, 'queryParams'], false),
    method: match.method ?? '',
  };
}

function compilePath(
  path: HttpRouteMatch['path'],
  check: CheckRegex,
  at: FieldPath,
): Match['path'] {
  if (path === undefined) return ROOT;
  const type = path.type ?? 'PathPrefix';
  const value = path.value ?? '/';
  if (type === 'RegularExpression') check(value, [...at, 'path', 'value']);
  if (type !== 'PathPrefix') return { type, value };
  // A prefix matches whole segments, so `/a/` and `/a` are the same.
  return { type, value: value.length > 1 && value.endsWith('/') ? value.slice(0, -1) : value };
}

/** Of several entries with one name the first counts (Gateway API, HTTPHeaderMatch.name). */
function compileFields(
  fields: readonly HttpFieldMatch[] | undefined,
  check: CheckRegex,
  at: FieldPath,
  ignoreCase: boolean,
): readonly FieldMatch[] {
  if (fields === undefined || fields.length === 0) return NO_FIELDS;
  const compiled: FieldMatch[] = [];
  for (const [position, field] of fields.entries()) {
    const name = ignoreCase ? field.name.toLowerCase() : field.name;
    const type = field.type ?? 'Exact';
    if (type === 'RegularExpression') check(field.value, [...at, position, 'value']);
    if (compiled.some((other) => other.name === name)) continue;
    compiled.push({ type, name, value: field.value });
  }
  return compiled;
}
