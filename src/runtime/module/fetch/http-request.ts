/**
 * One bounded HTTP exchange of the main thread: the answer's size, the time without progress and the
 * redirects are limited, and the whole body is in memory at the end. Not for the request path.
 *
 * A redirect may lead to another host, as registries send their blobs away; what says who we are
 * stays behind then (fetch standard, "HTTP-redirect fetch"), and it never leads from https to http.
 */

import { LIMITS } from '../../../base/limits.ts';
import type { Scheduler } from '../../../base/scheduler.ts';
import { FetchError, printable } from './fetch-error.ts';

export interface HttpRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** A body makes it a POST, which is not redirected. */
  readonly body?: string;
  /** Of a 2xx answer; others are cut at a few KiB. */
  readonly bytesMax: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** After redirects. */
  readonly url: URL;
}

export interface HttpDeps {
  readonly scheduler: Scheduler;
  /** Aborts the exchange; its reason is what the caller gets. */
  readonly signal: AbortSignal;
  /** Default {@link LIMITS.moduleFetchIdleMs}. */
  readonly idleMs?: number;
}

const REDIRECTS_MAX = 5;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const ERROR_BODY_BYTES_MAX = 8_192;

/** Any status is an answer; throws {@link FetchError} where there is none. */
export async function httpRequest(request: HttpRequest, deps: HttpDeps): Promise<HttpAnswer> {
  let { url } = request;
  let headers = request.headers;
  for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
    const exchange = new Exchange(url, deps);
    try {
      const response = await exchange.send(request, headers);
      const location = response.headers.get('location');
      if (REDIRECTS.includes(response.status) && location !== null) {
        const target = redirectTarget(request, url, location);
        if (target.origin !== url.origin) headers = withoutIdentity(headers);
        url = target;
        continue;
      }
      const bytesMax = response.ok ? request.bytesMax : ERROR_BODY_BYTES_MAX;
      const body = await exchange.read(response, bytesMax);
      return { status: response.status, headers: response.headers, body, url };
    } finally {
      exchange.end();
    }
  }
  throw new FetchError(`${request.url.host} redirects more than ${REDIRECTS_MAX} times`);
}

function redirectTarget(request: HttpRequest, url: URL, location: string): URL {
  if (request.body !== undefined) throw new FetchError(`${url.host} redirects a POST request`);
  const target = URL.parse(location, url);
  const isWeb = target?.protocol === 'https:' || target?.protocol === 'http:';
  if (target === null || !isWeb) {
    throw new FetchError(
      `${url.host} redirects to "${printable(location)}", which is not followed`,
    );
  }
  if (url.protocol === 'https:' && target.protocol !== 'https:') {
    throw new FetchError(`${url.host} redirects from https to http, which is not followed`);
  }
  target.username = '';
  target.password = '';
  return target;
}

function withoutIdentity(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { authorization: _, ...rest } = headers;
  return rest;
}

/** One hop: its timer and what can be aborted of it. */
class Exchange {
  readonly #url: URL;
  readonly #deps: HttpDeps;
  readonly #abort = new AbortController();
  #timer: object | null = null;

  constructor(url: URL, deps: HttpDeps) {
    this.#url = url;
    this.#deps = deps;
  }

  async send(request: HttpRequest, headers: Readonly<Record<string, string>>): Promise<Response> {
    this.#progress();
    const signal = AbortSignal.any([this.#deps.signal, this.#abort.signal]);
    const post = request.body === undefined ? {} : { method: 'POST', body: request.body };
    try {
      return await fetch(this.#url, {
        ...post,
        headers: { 'user-agent': 'tulle', 'accept-encoding': 'identity', ...headers },
        redirect: 'manual',
        signal,
      });
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Above `bytesMax` a good answer is refused and another one cut. */
  async read(response: Response, bytesMax: number): Promise<Uint8Array> {
    const announced = Number(response.headers.get('content-length') ?? 0);
    if (response.ok && announced > bytesMax) throw this.#tooLarge(bytesMax);
    const chunks: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const chunk of response.body ?? []) {
        this.#progress();
        size += chunk.length;
        if (size > bytesMax && response.ok) throw this.#tooLarge(bytesMax);
        chunks.push(chunk);
        if (size >= bytesMax && !response.ok) break;
      }
    } catch (error) {
      throw this.#failure(error);
    }
    return joined(chunks, size);
  }

  /** Cuts what still flows; nothing after a body that was read. */
  end(): void {
    if (this.#timer !== null) this.#deps.scheduler.clear(this.#timer);
    this.#abort.abort();
  }

  #progress(): void {
    const { scheduler, idleMs = LIMITS.moduleFetchIdleMs } = this.#deps;
    if (this.#timer !== null) scheduler.clear(this.#timer);
    const text = `${this.#url.host} sent nothing for ${idleMs / 1000} s`;
    this.#timer = scheduler.setTimeout(() => this.#abort.abort(new FetchError(text)), idleMs);
  }

  #tooLarge(bytesMax: number): FetchError {
    return new FetchError(`${this.#url.host} sends more than ${bytesMax} bytes`);
  }

  #failure(error: unknown): FetchError {
    const { host } = this.#url;
    if (error instanceof FetchError) return error;
    const reason: unknown = this.#deps.signal.aborted ? this.#deps.signal.reason : undefined;
    if (reason instanceof FetchError) return reason;
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const { code = '', message = String(cause) } = cause as { code?: string; message?: string };
    const text = FAILURES[code] ?? (printable(message) || code);
    return new FetchError(`${host}: ${text}`);
  }
}

/** The system's codes as people say them. */
const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be resolved now',
  ETIMEDOUT: 'connecting took too long',
  UND_ERR_CONNECT_TIMEOUT: 'connecting took too long',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
  ERR_SSL_WRONG_VERSION_NUMBER: 'does not speak TLS',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed (see NODE_EXTRA_CA_CERTS)',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is self-signed (see NODE_EXTRA_CA_CERTS)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is of an unknown authority (see NODE_EXTRA_CA_CERTS)',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1 && chunks[0] !== undefined) return chunks[0];
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** `Retry-After` in seconds (RFC 9110 section 10.2.3); a date counts as not said. */
export function retryAfterMs(headers: Headers): number {
  const text = headers.get('retry-after') ?? '';
  return /^[0-9]{1,6}$/.test(text) ? Number(text) * 1_000 : 0;
}

export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
