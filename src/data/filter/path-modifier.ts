/** HTTPPathModifier of Gateway API: what redirects and rewrites make of a request's target. */

import type { PathModifier } from '../../config/route.ts';

/** Visible ASCII; a blank would end the target, a fragment has no place in it. */
const PATH = /^[!-~]*$/;

/** A modifier made ready. */
export interface PathEdit {
  readonly full: boolean;
  /** Of a full path never ''; of a prefix without a trailing slash, so '' for `/`. */
  readonly path: string;
}

/** Null where there is nothing to edit, or the modifier cannot be used. */
export function pathEdit(modifier: PathModifier | null): PathEdit | null {
  if (modifier === null || pathModifierProblem(modifier) !== null) return null;
  const full = modifier.type === 'ReplaceFullPath';
  let path = modifier.value;
  if (!full && path.endsWith('/')) path = path.slice(0, -1);
  if (full && path === '') path = '/';
  return { full, path };
}

/** Why a modifier cannot be used, with a remedy, or null. */
export function pathModifierProblem(modifier: PathModifier): string | null {
  const { value } = modifier;
  if (!PATH.test(value) || value.includes('#') || value.includes('?')) {
    return `"${value}" is not a path; percent-encode what is not a visible ASCII character, and leave out ? and #`;
  }
  return value === '' || value.startsWith('/') ? null : `"${value}" is not a path; begin it with /`;
}

/**
 * The target after the edit; its query stays. `matchedPrefix` is the PathPrefix that matched; where
 * none did, or the path no longer begins with it, a prefix edit leaves the target as it is.
 */
export function editTarget(edit: PathEdit, target: string, matchedPrefix: string): string {
  const mark = target.indexOf('?');
  const query = mark < 0 ? '' : target.slice(mark);
  if (edit.full) return edit.path + query;
  const path = mark < 0 ? target : target.slice(0, mark);
  const prefix = matchedPrefix.endsWith('/') ? matchedPrefix.slice(0, -1) : matchedPrefix;
  if (matchedPrefix === '' || !path.startsWith(prefix)) return target;
  const rest = path.slice(prefix.length);
  if (rest !== '' && !rest.startsWith('/')) return target;
  const edited = edit.path + rest;
  return (edited === '' ? '/' : edited) + query;
}
