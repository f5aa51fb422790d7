/**
 * Who we are to a registry: a Docker configuration, be it the file of the process or the content of a
 * pull secret (`kubernetes.io/dockerconfigjson`). Keys of `auths` are matched as the kubelet does:
 * by host, `*` standing for one label, and by the longest path that begins the repository.
 */

import type { OciReference } from './reference.ts';

export type Credentials =
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  /** Exchanged for an access token at the token server. */
  | { readonly type: 'identity'; readonly token: string }
  /** Sent as it is. */
  | { readonly type: 'bearer'; readonly token: string };

export interface Keyring {
  /** For messages: `the pull secret`. */
  readonly name: string;
  readonly entries: readonly KeyringEntry[];
  /** Helper programs that hold the rest, by host; '' is every other host. */
  readonly helpers: ReadonlyMap<string, string>;
}

interface KeyringEntry {
  readonly host: string;
  readonly path: string;
  readonly credentials: Credentials;
}

const HUB_HOSTS: readonly string[] = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/** The text of a Docker configuration as a keyring, or why it is none. */
export function parseKeyring(name: string, text: string): Keyring | { readonly problem: string } {
  if (text === '') return { name, entries: [], helpers: new Map() };
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    // The parser's message may quote what it read.
    return { problem: `${name} is not JSON` };
  }
  if (!isRecord(config)) return { problem: `${name} is not a JSON object` };
  const auths = config['auths'] ?? {};
  if (!isRecord(auths)) return { problem: `"auths" of ${name} is not an object` };
  const entries: KeyringEntry[] = [];
  for (const [key, value] of Object.entries(auths)) {
    const credentials = isRecord(value) ? credentialsOf(value) : null;
    if (credentials !== null) entries.push({ ...placeOf(key), credentials });
  }
  return { name, entries, helpers: helpersOf(config) };
}

function credentialsOf(entry: Readonly<Record<string, unknown>>): Credentials | null {
  const bearer = textOf(entry['registrytoken']);
  if (bearer !== '') return { type: 'bearer', token: bearer };
  const identity = textOf(entry['identitytoken']);
  if (identity !== '') return { type: 'identity', token: identity };
  const joined = Buffer.from(textOf(entry['auth']), 'base64').toString();
  const colon = joined.indexOf(':');
  const username = colon > 0 ? joined.slice(0, colon) : textOf(entry['username']);
  // Docker pads what it encodes with NULs.
  const password =
    colon > 0 ? joined.slice(colon + 1).replace(/\0+$/, '') : textOf(entry['password']);
  return username === '' ? null : { type: 'basic', username, password };
}

function helpersOf(config: Readonly<Record<string, unknown>>): Map<string, string> {
  const helpers = new Map<string, string>();
  const byHost = config['credHelpers'];
  if (isRecord(byHost)) {
    for (const [host, helper] of Object.entries(byHost)) helpers.set(host, textOf(helper));
  }
  const store = textOf(config['credsStore']);
  if (store !== '') helpers.set('', store);
  return helpers;
}

/** `https://index.docker.io/v1/`, `host`, `host:port/path`. */
function placeOf(key: string): { readonly host: string; readonly path: string } {
  const text = key.replace(/^https?:\/\//i, '').replace(/\/+$/, '');
  const slash = text.indexOf('/');
  const host = (slash === -1 ? text : text.slice(0, slash)).toLowerCase();
  const path = slash === -1 ? '' : text.slice(slash + 1);
  // The API's own paths say nothing of a repository.
  return { host: canonicalHost(host), path: /^v[12]$/.test(path) ? '' : path };
}

function canonicalHost(host: string): string {
  return HUB_HOSTS.includes(host) ? 'docker.io' : host;
}

/** The best entry for the image, or null. */
export function credentialsFor(keyring: Keyring, image: OciReference): Credentials | null {
  let best: KeyringEntry | null = null;
  for (const entry of keyring.entries) {
    if (!hostMatches(entry.host, image.registry) || !pathMatches(entry.path, image.repository)) {
      continue;
    }
    if (best === null || entry.path.length > best.path.length) best = entry;
  }
  return best?.credentials ?? null;
}

/** The helper program that would know, or ''. */
export function helperFor(keyring: Keyring, registry: string): string {
  const own = [...keyring.helpers].find(([host]) => host !== '' && placeOf(host).host === registry);
  return own?.[1] ?? keyring.helpers.get('') ?? '';
}

function hostMatches(pattern: string, registry: string): boolean {
  if (pattern === registry) return true;
  if (!pattern.includes('*')) return false;
  const wanted = pattern.split('.');
  const labels = registry.split('.');
  return (
    wanted.length === labels.length &&
    wanted.every((label, index) => labelMatches(label, labels[index] ?? ''))
  );
}

/** One `*` a label: `*` and `team-*` are what people write. */
function labelMatches(pattern: string, label: string): boolean {
  const star = pattern.indexOf('*');
  if (star === -1) return pattern === label;
  const head = pattern.slice(0, star);
  const tail = pattern.slice(star + 1);
  return (
    label.length >= head.length + tail.length && label.startsWith(head) && label.endsWith(tail)
  );
}

function pathMatches(path: string, repository: string): boolean {
  return path === '' || repository === path || repository.startsWith(`${path}/`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
