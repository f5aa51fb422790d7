/**
 * A registry as the OCI distribution specification has it, for reading one image. The first answer
 * 401 tells how it wants to know who we are: Basic, or Bearer with a token that the token server of
 * its challenge gives (Docker's token flow, or OAuth 2 where we hold an identity token).
 */

import { type Challenge, parseChallenges } from './challenge.ts';
import { type Credentials, credentialsFor, helperFor, type Keyring } from './credentials.ts';
import { FetchError, printable } from './fetch-error.ts';
import {
  basicAuthorization,
  type HttpAnswer,
  type HttpDeps,
  httpRequest,
  retryAfterMs,
} from './http-request.ts';
import { apiHost, type OciReference } from './reference.ts';

export interface RegistryAccess {
  readonly keyring: Keyring;
  /** Registries that are spoken to without TLS, as `host` or `host:port`; loopback always is. */
  readonly plainHttp: readonly string[];
}

export interface ReadRequest {
  /** Below the repository, such as `manifests/TAG`. */
  readonly path: string;
  readonly accept: string;
  readonly bytesMax: number;
  /** For messages: `manifest v1`. */
  readonly what: string;
}

const TOKEN_BYTES_MAX = 262_144;
const LOOPBACK = /^(?:localhost|(?:[a-z0-9-]+\.)*localhost|127(?:\.[0-9]+){3}|\[::1\])$/;

export class Registry {
  readonly #image: OciReference;
  readonly #access: RegistryAccess;
  readonly #deps: HttpDeps;
  readonly #credentials: Credentials | null;
  readonly #origin: string;
  #authorization = '';

  constructor(image: OciReference, access: RegistryAccess, deps: HttpDeps) {
    this.#image = image;
    this.#access = access;
    this.#deps = deps;
    this.#credentials = credentialsFor(access.keyring, image);
    const host = apiHost(image.registry);
    this.#origin = `${this.#isPlain(host) ? 'http' : 'https'}://${host}`;
  }

  /** The body of a 200; throws {@link FetchError} for everything else. */
  async read(request: ReadRequest): Promise<HttpAnswer> {
    let answer = await this.#get(request);
    if (answer.status === 401) {
      await this.#identify(answer);
      answer = await this.#get(request);
    }
    if (answer.status === 200) return answer;
    throw this.#refused(answer, request.what);
  }

  #get(request: ReadRequest): Promise<HttpAnswer> {
    const url = new URL(`${this.#origin}/v2/${this.#image.repository}/${request.path}`);
    const identity: Record<string, string> =
      this.#authorization === '' ? {} : { authorization: this.#authorization };
    const headers = { accept: request.accept, ...identity };
    return httpRequest({ url, headers, bytesMax: request.bytesMax }, this.#deps);
  }

  #refused(answer: HttpAnswer, what: string): FetchError {
    const { registry } = this.#image;
    const { status } = answer;
    if (status === 401 || status === 403) return this.#unauthorized(status);
    if (status === 404) return new FetchError(`404 from ${registry}: it has no ${what}`);
    const said = saidIn(answer.body);
    const text = `${status} from ${registry} for ${what}${said === '' ? '' : `: ${said}`}`;
    return new FetchError(text, retryAfterMs(answer.headers));
  }

  #unauthorized(status: number): FetchError {
    const { registry, repository } = this.#image;
    const { keyring } = this.#access;
    if (this.#credentials !== null) {
      const text = `${status} from ${registry}: the credentials in ${keyring.name} do not let us pull ${repository}`;
      return new FetchError(text);
    }
    const helper = helperFor(keyring, registry);
    const hint =
      helper === ''
        ? ''
        : ` (credential helper "${printable(helper)}" is not asked: name the credentials in a pull secret)`;
    return new FetchError(
      `${status} from ${registry}: no credentials for it in ${keyring.name}${hint}`,
    );
  }

  /** Answers the challenge; what comes of it is sent from now on. */
  async #identify(answer: HttpAnswer): Promise<void> {
    const challenges = parseChallenges(answer.headers.get('www-authenticate') ?? '');
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const credentials = this.#credentials;
    if (credentials?.type === 'bearer') {
      this.#authorization = `Bearer ${credentials.token}`;
    } else if (bearer !== undefined) {
      this.#authorization = `Bearer ${await this.#token(bearer)}`;
    } else if (credentials?.type === 'basic' && challenges.some(isBasic)) {
      this.#authorization = basicAuthorization(credentials.username, credentials.password);
    } else if (credentials !== null && challenges.length > 0 && !challenges.some(isBasic)) {
      const schemes = challenges.map(({ scheme }) => printable(scheme)).join(', ');
      throw new FetchError(
        `${this.#image.registry} asks for ${schemes}, only Basic and Bearer are known`,
      );
    } else {
      throw this.#unauthorized(401);
    }
    checkHeader(this.#authorization, this.#access.keyring.name);
  }

  async #token(challenge: Challenge): Promise<string> {
    const url = this.#tokenUrl(challenge);
    const scope = challenge.parameters.get('scope') ?? `repository:${this.#image.repository}:pull`;
    const service = challenge.parameters.get('service') ?? '';
    const form: Record<string, string> = { scope, ...(service === '' ? {} : { service }) };
    const answer = await this.#askToken(url, form);
    if (answer.status === 401 || answer.status === 403) throw this.#unauthorized(answer.status);
    if (answer.status !== 200) {
      const text = `${answer.status} from the token server ${url.host}`;
      throw new FetchError(text, retryAfterMs(answer.headers));
    }
    const token = tokenIn(answer.body);
    if (token === '') throw new FetchError(`the token server ${url.host} gave no token`);
    return token;
  }

  #askToken(url: URL, form: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    const credentials = this.#credentials;
    if (credentials?.type === 'identity') {
      const body = new URLSearchParams({
        ...form,
        grant_type: 'refresh_token',
        client_id: 'tulle',
        refresh_token: credentials.token,
      }).toString();
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return httpRequest({ url, headers, body, bytesMax: TOKEN_BYTES_MAX }, this.#deps);
    }
    for (const [name, value] of Object.entries(form)) url.searchParams.set(name, value);
    const headers: Record<string, string> = {};
    if (credentials?.type === 'basic') {
      const { username, password } = credentials;
      headers['authorization'] = basicAuthorization(username, password);
    }
    return httpRequest({ url, headers, bytesMax: TOKEN_BYTES_MAX }, this.#deps);
  }

  /** Credentials go there, so it has to be as private as the registry itself. */
  #tokenUrl(challenge: Challenge): URL {
    const realm = challenge.parameters.get('realm') ?? '';
    const url = URL.parse(realm);
    const isAllowed =
      url?.protocol === 'https:' || (url?.protocol === 'http:' && this.#isPlain(url.host));
    if (url === null || !isAllowed) {
      const { registry } = this.#image;
      throw new FetchError(`${registry} sends us for a token to "${printable(realm)}"`);
    }
    url.username = '';
    url.password = '';
    return url;
  }

  #isPlain(host: string): boolean {
    const name = host.replace(/:[0-9]+$/, '');
    return (
      LOOPBACK.test(name) || this.#access.plainHttp.some((one) => one === host || one === name)
    );
  }
}

function isBasic({ scheme }: Challenge): boolean {
  return scheme === 'basic';
}

/** A password or token with a line break would be refused by `fetch`, in words that quote it. */
function checkHeader(value: string, keyring: string): void {
  if (/[^\x20-\x7e]/.test(value)) {
    throw new FetchError(`the token in ${keyring} has characters that no header may hold`);
  }
}

function tokenIn(body: Uint8Array): string {
  const { token, access_token: accessToken } = jsonRecord(body);
  if (typeof token === 'string' && token !== '') return token;
  return typeof accessToken === 'string' ? accessToken : '';
}

/** The first of `errors` (distribution specification, "Error Codes"). */
function saidIn(body: Uint8Array): string {
  const { errors } = jsonRecord(body);
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (typeof first !== 'object' || first === null || !('message' in first)) return '';
  return typeof first.message === 'string' ? printable(first.message) : '';
}

function jsonRecord(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
