/**
 * The registry of Debian's package docker-registry (CNCF Distribution) as a process of the test: open,
 * behind a password, or behind a token server that the test plays. Modules are pushed into it by the
 * distribution API itself, or by `skopeo`.
 */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createSign, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { digestLike } from '../../../../src/runtime/module/fetch/digest.ts';
import { freePort } from '../../support/data-plane.ts';

export const USER = 'tulle';
export const PASSWORD = 'correct horse';
/** bcrypt of {@link PASSWORD}. */
const HASH = '$2b$04$5J5VuvGx619JMYHTvGH6A.xLo2nl9fIS6BuNrUu6SuiiOwgf3onu.';

const READY_MS = 10_000;

export type RegistryAuth = 'none' | 'basic' | 'token';

/** A reason to skip tests that need the program, or false. */
export function lacks(...programs: readonly string[]): string | false {
  const missing = programs.filter(
    (program) => spawnSync(program, ['--version']).error !== undefined,
  );
  return missing.length > 0 && `apt-get install ${missing.join(' ')}`;
}

export interface PushedLayer {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly title?: string;
}

export class DockerRegistry {
  readonly host: string;
  readonly #directory: string;
  #child: ChildProcess | null = null;
  #authorization = '';

  private constructor(port: number, directory: string) {
    this.host = `127.0.0.1:${port}`;
    this.#directory = directory;
  }

  static async start(t: TestContext, auth: RegistryAuth = 'none'): Promise<DockerRegistry> {
    const directory = mkdtempSync(join(tmpdir(), 'tulle-registry-'));
    const registry = new DockerRegistry(await freePort(), directory);
    t.after(async () => {
      await registry.stop();
      rmSync(directory, { recursive: true, force: true });
    });
    const authText = await registry.#authConfig(t, auth);
    writeFileSync(
      join(directory, 'config.yml'),
      `version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: ${directory}/data}, delete: {enabled: true}}
http: {addr: "${registry.host}"}
${authText}`,
    );
    await registry.run();
    return registry;
  }

  /** Starts it again after {@link stop}, with what was pushed. */
  async run(): Promise<void> {
    const config = join(this.#directory, 'config.yml');
    this.#child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
    const untilMs = performance.now() + READY_MS;
    for (;;) {
      const answer = await fetch(`http://${this.host}/v2/`).catch(() => null);
      if (answer?.status === 200 || answer?.status === 401) return;
      if (performance.now() > untilMs) throw new Error('docker-registry does not answer');
      await delay(20);
    }
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** An image of the layers; its digest. */
  async push(name: string, layers: readonly PushedLayer[], config = '{}'): Promise<string> {
    const [repository = '', tag = ''] = name.split(':');
    const described = [];
    for (const { bytes, mediaType, title } of layers) {
      const digest = await this.#pushBlob(repository, bytes);
      const annotations =
        title === undefined ? {} : { annotations: { 'org.opencontainers.image.title': title } };
      described.push({ mediaType, digest, size: bytes.length, ...annotations });
    }
    const configBytes = Buffer.from(config);
    const configDigest = await this.#pushBlob(repository, configBytes);
    const mediaType = 'application/vnd.wasm.config.v0+json';
    return this.pushManifest(repository, tag, {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType, digest: configDigest, size: configBytes.length },
      layers: described,
    });
  }

  async pushManifest(
    repository: string,
    tag: string,
    manifest: { readonly mediaType: string; readonly [field: string]: unknown },
  ): Promise<string> {
    const bytes = Buffer.from(JSON.stringify(manifest));
    const headers = { 'content-type': manifest.mediaType };
    await this.#send('PUT', `/v2/${repository}/manifests/${tag}`, headers, bytes);
    return digestLike('sha256:', bytes);
  }

  /** Bytes of the manifest, for the size in an index. */
  async manifestSize(repository: string, digest: string): Promise<number> {
    const headers = { accept: '*/*', ...this.#identity() };
    const url = `http://${this.host}/v2/${repository}/manifests/${digest}`;
    return (await (await fetch(url, { headers })).arrayBuffer()).byteLength;
  }

  async #pushBlob(repository: string, bytes: Uint8Array): Promise<string> {
    const digest = digestLike('sha256:', bytes);
    const begun = await this.#send('POST', `/v2/${repository}/blobs/uploads/`, {});
    const place = new URL(begun.headers.get('location') ?? '', `http://${this.host}`);
    place.searchParams.set('digest', digest);
    await this.#send('PUT', place.pathname + place.search, {}, bytes);
    return digest;
  }

  async #send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    bytes?: Uint8Array,
  ): Promise<Response> {
    const answer = await fetch(`http://${this.host}${path}`, {
      method,
      headers: { ...headers, ...this.#identity() },
      ...(bytes === undefined ? {} : { body: Buffer.from(bytes) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  #identity(): Record<string, string> {
    return this.#authorization === '' ? {} : { authorization: this.#authorization };
  }

  async #authConfig(t: TestContext, auth: RegistryAuth): Promise<string> {
    if (auth === 'none') return '';
    if (auth === 'basic') {
      const path = join(this.#directory, 'htpasswd');
      writeFileSync(path, `${USER}:${HASH}\n`);
      this.#authorization = basic();
      return `auth: {htpasswd: {realm: test, path: ${path}}}\n`;
    }
    const { realm, bundle, token } = await startTokenServer(t, this.#directory);
    this.#authorization = `Bearer ${token('push,pull')}`;
    const fields = `realm: "${realm}", service: test, issuer: tulle-test, rootcertbundle: ${bundle}`;
    return `auth: {token: {${fields}}}\n`;
  }
}

function basic(): string {
  return `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
}

interface TokenServer {
  readonly realm: string;
  /** Certificate that the registry trusts. */
  readonly bundle: string;
  token(actions: string): string;
}

/** Gives tokens for pulling from any repository to {@link USER}. */
async function startTokenServer(t: TestContext, directory: string): Promise<TokenServer> {
  const [key, bundle] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const subject = ['-subj', '/CN=tulle-test', '-days', '2', '-nodes'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', bundle, ...subject],
    { stdio: 'ignore' },
  );
  const token = (actions: string, repository = 'a/b'): string =>
    signed(readFileSync(key, 'utf8'), readFileSync(bundle, 'utf8'), repository, actions.split(','));
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    const [, repository = ''] = (url.searchParams.get('scope') ?? '').split(':');
    const isKnown = request.headers.authorization === basic();
    response.statusCode = isKnown ? 200 : 401;
    response.end(JSON.stringify(isKnown ? { token: token('pull', repository) } : {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { realm: `http://127.0.0.1:${port}/token`, bundle, token };
}

/** A JSON web token as the registry checks it: by the certificate in its header. */
function signed(
  key: string,
  certificate: string,
  name: string,
  actions: readonly string[],
): string {
  const x5c = [certificate.replaceAll(/-----[^-]+-----|\s/g, '')];
  const seconds = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'tulle-test',
    aud: 'test',
    sub: USER,
    nbf: seconds - 60,
    iat: seconds,
    exp: seconds + 600,
    jti: randomUUID(),
    access: [{ type: 'repository', name, actions }],
  };
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const text = `${encode({ typ: 'JWT', alg: 'RS256', x5c })}.${encode(claims)}`;
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
}
