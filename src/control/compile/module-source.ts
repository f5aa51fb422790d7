/** Where the bytes of a guest are: a file beside the YAML that names it, a web server or a registry. */

import { isAbsolute, resolve } from 'node:path';
import type { ModuleSource, RemoteModule } from '../../config/wasm.ts';
import { shownUrl } from '../../runtime/module/fetch/fetch-error.ts';
import { isBadReference, parseOciReference } from '../../runtime/module/fetch/reference.ts';
import type { FieldPath, Resource } from '../resource.ts';
import type { ImagePullPolicy, WasmEnv } from '../schema/types.ts';
import type { Context } from './context.ts';
import { pullSecretText } from './pull-secret.ts';

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;

export interface ModuleField {
  readonly path: FieldPath;
  readonly url: string;
  readonly sha256: string | undefined;
  readonly imagePullPolicy: ImagePullPolicy | undefined;
  readonly imagePullSecret: string | undefined;
}

/**
 * `file://` and bare paths, absolute or relative to the YAML file; `http(s)://` and `oci://`. What
 * cannot be any of them gets a problem and no place, so that what depends on it fails as its
 * failStrategy says.
 */
export function moduleSource(
  context: Context,
  resource: Resource,
  field: ModuleField,
): ModuleSource {
  const { path, url, sha256 } = field;
  const source = { url, path: '', sha256: (sha256 ?? '').toLowerCase() };
  const scheme = SCHEME.exec(url)?.[1]?.toLowerCase() ?? '';
  if (scheme !== '' && scheme !== 'file') {
    const bad = remoteProblem(scheme, url);
    if (bad === null) return { ...source, remote: remoteModule(context, resource, field) };
    context.report.error(resource, path, 'bad-format', bad.problem, bad.remedy);
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

function remoteProblem(
  scheme: string,
  url: string,
): { readonly problem: string; readonly remedy: string } | null {
  if (scheme === 'oci') {
    const reference = parseOciReference(url);
    return isBadReference(reference) ? reference : null;
  }
  if (scheme !== 'http' && scheme !== 'https') {
    const remedy = 'Write a path, or file://, http://, https:// or oci://.';
    return { problem: `modules cannot be fetched by ${scheme}://`, remedy };
  }
  if (URL.canParse(url)) return null;
  return { problem: `${shownUrl(url)} is not a URL`, remedy: 'Write https://HOST/PATH.wasm.' };
}

/**
 * Istio's rule: the policy matters only where no digest pins the content; an image of the tag
 * `latest` is always asked for again unless the policy says otherwise.
 */
function remoteModule(
  context: Context,
  resource: Resource,
  { url, sha256 = '', imagePullPolicy, imagePullSecret }: ModuleField,
): RemoteModule {
  const image = /^oci:/i.test(url) ? parseOciReference(url) : null;
  const reference = image === null || isBadReference(image) ? null : image;
  const isPinned = sha256 !== '' || (reference !== null && reference.digest !== '');
  const byDefault = reference?.tag === 'latest' ? 'Always' : 'IfNotPresent';
  const isGiven = imagePullPolicy !== undefined && imagePullPolicy !== 'UNSPECIFIED_POLICY';
  const policy = isGiven ? imagePullPolicy : byDefault;
  return {
    pull: policy === 'Always' && !isPinned ? 'always' : 'ifNotPresent',
    pullSecret: reference === null ? '' : pullSecretText(context, resource, imagePullSecret),
  };
}

/** Why the module cannot be loaded, as far as that is known before anybody reads it. */
export function moduleFault(context: Context, { url, path, remote }: ModuleSource): string | null {
  if (remote !== undefined) return null;
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
