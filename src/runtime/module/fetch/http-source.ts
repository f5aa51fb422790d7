/**
 * Fetches a module by `http://` or `https://`. With the validator of the fetch before (RFC 9110
 * section 13.1.2) an unchanged module is not sent again.
 */

import { LIMITS } from '../../../base/limits.ts';
import { FetchError, shownUrl, UnusableError } from './fetch-error.ts';
import type { FetchOutcome } from './fetched.ts';
import { basicAuthorization, type HttpDeps, httpRequest, retryAfterMs } from './http-request.ts';
import { unpack } from './unpack.ts';

const LAST_MODIFIED = 'modified ';

/** `knownVersion`: of a fetch before, or ''. Throws {@link FetchError}. */
export async function fetchHttp(
  text: string,
  knownVersion: string,
  deps: HttpDeps,
): Promise<FetchOutcome> {
  const url = URL.parse(text);
  if (url === null) throw new FetchError(`${shownUrl(text)} is not a URL`);
  const headers = { ...identityOf(url), ...conditionOf(knownVersion) };
  const answer = await httpRequest({ url, headers, bytesMax: LIMITS.moduleBytesMax }, deps);
  if (answer.status === 304 && knownVersion !== '') return 'unchanged';
  if (answer.status !== 200) {
    const remedy =
      answer.status === 401 ? ' (it wants credentials: https://USER:PASSWORD@...)' : '';
    const reason = `${answer.status} from ${url.host} for ${url.pathname}${remedy}`;
    throw new FetchError(reason, retryAfterMs(answer.headers));
  }
  const version = versionOf(answer.headers);
  try {
    const { module } = await unpack(answer.body);
    if (module === null) return { unusable: 'the archive holds no .wasm file', version };
    return { module, version, source: shownUrl(answer.url.href), digests: [] };
  } catch (error) {
    if (error instanceof UnusableError) return { unusable: error.message, version };
    throw error;
  }
}

/** `fetch` refuses URLs that hold them. */
function identityOf(url: URL): Record<string, string> {
  const { username, password } = url;
  if (username === '' && password === '') return {};
  url.username = '';
  url.password = '';
  return { authorization: basicAuthorization(decoded(username), decoded(password)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An entity tag if there is one; else the date, which is weaker. */
function versionOf(headers: Headers): string {
  const modified = headers.get('last-modified');
  return headers.get('etag') ?? (modified === null ? '' : `${LAST_MODIFIED}${modified}`);
}

function conditionOf(version: string): Record<string, string> {
  if (version === '') return {};
  return version.startsWith(LAST_MODIFIED)
    ? { 'if-modified-since': version.slice(LAST_MODIFIED.length) }
    : { 'if-none-match': version };
}
