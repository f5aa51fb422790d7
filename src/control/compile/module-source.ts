/** Where the bytes of a guest are: a file beside the YAML that names it, or nowhere yet. */

import { isAbsolute, resolve } from 'node:path';
import type { ModuleSource } from '../../config/wasm.ts';
import type { FieldPath, Resource } from '../resource.ts';
import type { WasmEnv } from '../schema/types.ts';
import type { Context } from './context.ts';

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;

export interface ModuleField {
  readonly path: FieldPath;
  readonly url: string;
  readonly sha256: string | undefined;
}

/**
 * `file://` and bare paths, absolute or relative to the YAML file. Anything remote gets path '' and
 * a problem, so that what depends on it fails as its failStrategy says.
 */
export function moduleSource(
  context: Context,
  resource: Resource,
  { path, url, sha256 }: ModuleField,
): ModuleSource {
  const source = { url, path: '', sha256: (sha256 ?? '').toLowerCase() };
  const scheme = SCHEME.exec(url)?.[1]?.toLowerCase() ?? '';
  if (scheme !== '' && scheme !== 'file') {
    context.report.error(
      resource,
      path,
      'not-served',
      `remote modules are not served by this version yet: ${scheme}://`,
      'Fetch the module and name the file, such as file://./filter.wasm.',
    );
    return source;
  }
  const local = scheme === 'file' ? decodePath(url.slice('file://'.length)) : url;
  const file = resolvePath(context, resource, local);
  if (context.options.fileExists?.(file) === false) {
    context.report.error(
      resource,
      path,
      'missing-file',
      `there is no file ${file}`,
      'Build the module, or mend the path: it starts from the folder of this YAML file.',
    );
  }
  return { ...source, path: file };
}

/** Why the module cannot be loaded, as far as that is known before anybody reads it. */
export function moduleFault(context: Context, { url, path }: ModuleSource): string | null {
  if (path === '') return `${url} cannot be loaded`;
  return context.options.fileExists?.(path) === false ? `there is no file ${path}` : null;
}

/** Absolute, against the directory of the YAML file. */
export function resolvePath(context: Context, resource: Resource, path: string): string {
  return isAbsolute(path) ? resolve(path) : resolve(context.options.baseDirOf(resource), path);
}

/** RFC 8089: `file://localhost/x` is `/x`; percent signs that decode to nothing stay as they are. */
function decodePath(path: string): string {
  const local = path.startsWith('localhost/') ? path.slice('localhost'.length) : path;
  try {
    return decodeURIComponent(local);
  } catch {
    return local;
  }
}

/** Environment of a guest. HOST variables that the process does not have are left out, with a word. */
export function guestEnv(
  context: Context,
  resource: Resource,
  entries: readonly WasmEnv[] | undefined,
  path: FieldPath,
): readonly (readonly [string, string])[] {
  const env: (readonly [string, string])[] = [];
  for (const [position, { name, valueFrom, value }] of (entries ?? []).entries()) {
    if (valueFrom !== 'HOST') {
      env.push([name, value ?? '']);
      continue;
    }
    const found = context.options.env?.(name);
    if (found !== undefined) {
      env.push([name, found]);
      continue;
    }
    context.report.warning(
      resource,
      [...path, position, 'name'],
      'missing-variable',
      `the environment of this process has no ${name}; the guest will not see it`,
      `Set ${name} before the start, or write its value with valueFrom: INLINE.`,
    );
  }
  return env;
}
