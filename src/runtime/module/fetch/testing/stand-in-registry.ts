/**
 * A registry that can misbehave, which a real one cannot be asked to: images are put into it by hand,
 * it wants to know who we are in any of the ways there are, and every answer can be spoilt.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { digestLike } from '../digest.ts';
import { WebServer } from './web-server.ts';

export interface Layer {
  readonly bytes: Uint8Array;
  readonly mediaType?: string;
  readonly title?: string;
  /** What the manifest says instead of the truth. */
  readonly digest?: string;
  readonly size?: number;
}

export type Auth =
  | { readonly type: 'none' }
  | { readonly type: 'basic'; readonly user: string }
  /** `user`: '' lets everybody have a token; `refresh`: what an identity token is exchanged for. */
  | { readonly type: 'token'; readonly user: string; readonly refresh?: string };

const IMAGE_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';

const TOKEN = 'a-token';

export class StandInRegistry {
  auth: Auth = { type: 'none' };
  /** Looks at each request first; true when it has answered. */
  spoil: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #manifests = new Map<string, { readonly bytes: Uint8Array; readonly type: string }>();
  #web: WebServer | null = null;

  static async open(): Promise<StandInRegistry> {
    const registry = new StandInRegistry();
    registry.#web = await WebServer.open(
      () => (request, response) => registry.#answer(request, response),
    );
    return registry;
  }

  get web(): WebServer {
    if (this.#web === null) throw new Error('not open');
    return this.#web;
  }

  /** Paths asked for, without `/v2/`. */
  get paths(): readonly string[] {
    return this.web.asked.map(({ path }) => path.replace(/^\/v2\//, ''));
  }

  close(): Promise<void> {
    return this.web.close();
  }

  /** The digest of the image. */
  push(name: string, layers: readonly Layer[]): string {
    const described = layers.map(({ bytes, mediaType, title, digest, size }) => {
      const blob = digest ?? this.blob(bytes);
      const annotations =
        title === undefined ? {} : { annotations: { 'org.opencontainers.image.title': title } };
      const type = mediaType ?? 'application/wasm';
      return { mediaType: type, digest: blob, size: size ?? bytes.length, ...annotations };
    });
    return this.document(name, IMAGE_TYPE, { schemaVersion: 2, layers: described });
  }

  /** An index of images that were pushed. */
  pushIndex(
    name: string,
    images: readonly (readonly [platform: string, digest: string])[],
  ): string {
    const manifests = images.map(([platform, digest]) => {
      const [os = '', architecture = ''] = platform.split('/');
      return { mediaType: IMAGE_TYPE, digest, size: 1, platform: { os, architecture } };
    });
    return this.document(name, INDEX_TYPE, { schemaVersion: 2, manifests });
  }

  blob(bytes: Uint8Array): string {
    const digest = digestLike('sha256:', bytes);
    this.#blobs.set(digest, bytes);
    return digest;
  }

  /** Any document under a name `repository:tag` and under its digest. */
  document(name: string, type: string, content: unknown): string {
    const bytes = Buffer.from(JSON.stringify(content));
    const digest = digestLike('sha256:', bytes);
    const [repository = '', tag = ''] = name.split(':');
    this.#manifests.set(`${repository}/manifests/${tag}`, { bytes, type });
    this.#manifests.set(`${repository}/manifests/${digest}`, { bytes, type });
    return digest;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.spoil(request, response)) return;
    const path = (request.url ?? '').replace(/^\/v2\//, '');
    if (path.startsWith('/token')) this.#giveToken(request, response);
    else if (!this.#isKnown(request)) this.#challenge(response);
    else if (path.includes('/blobs/')) {
      const bytes = this.#blobs.get(path.slice(path.lastIndexOf('/') + 1));
      send(response, bytes === undefined ? 404 : 200, 'application/octet-stream', bytes);
    } else {
      const found = this.#manifests.get(path);
      send(response, found === undefined ? 404 : 200, found?.type ?? '', found?.bytes);
    }
  }

  #isKnown(request: IncomingMessage): boolean {
    const given = request.headers.authorization ?? '';
    if (this.auth.type === 'basic') return given === basicOf(this.auth.user);
    return this.auth.type === 'none' || given === `Bearer ${TOKEN}`;
  }

  #challenge(response: ServerResponse): void {
    const realm = `${this.web.url}/token`;
    const challenge =
      this.auth.type === 'basic'
        ? 'Basic realm="here"'
        : `Bearer realm="${realm}",service="here",scope="repository:a:pull"`;
    response.setHeader('www-authenticate', challenge);
    send(response, 401, 'application/json', Buffer.from('{"errors":[]}'));
  }

  #giveToken(request: IncomingMessage, response: ServerResponse): void {
    const { auth } = this;
    const body = this.web.asked.at(-1)?.body ?? '';
    const isAllowed =
      auth.type === 'token' &&
      (auth.user === '' ||
        request.headers.authorization === basicOf(auth.user) ||
        (auth.refresh !== undefined &&
          new URLSearchParams(body).get('refresh_token') === auth.refresh));
    const field = request.method === 'POST' ? 'access_token' : 'token';
    const answer = isAllowed ? { [field]: TOKEN } : { errors: [] };
    send(response, isAllowed ? 200 : 401, 'application/json', Buffer.from(JSON.stringify(answer)));
  }
}

function basicOf(user: string): string {
  return `Basic ${Buffer.from(user).toString('base64')}`;
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  bytes: Uint8Array = new Uint8Array(0),
): void {
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.length });
  response.end(bytes);
}
