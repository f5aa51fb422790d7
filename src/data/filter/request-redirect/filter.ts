/** RequestRedirect (Gateway API): answers with the place where the client should ask instead. */

import type { RequestRedirect } from '../../../config/route.ts';
import { hostProblem, usableHost, withoutPort } from '../authority.ts';
import type { HeadFilter, LocalReply, MatchedRequest } from '../contract.ts';
import { editTarget, type PathEdit, pathEdit, pathModifierProblem } from '../path-modifier.ts';

export function requestRedirect(config: RequestRedirect): HeadFilter {
  return new RequestRedirectFilter(config);
}

/** Why the filter cannot be used, with a remedy, or null. */
export function requestRedirectProblem(config: RequestRedirect): string | null {
  const { scheme, hostname, path } = config;
  if (scheme !== '' && scheme !== 'http' && scheme !== 'https') {
    return `"${scheme}" is not a scheme a redirect can have; use http or https`;
  }
  const problem = hostname === '' ? null : hostProblem(hostname);
  return problem ?? (path === null ? null : pathModifierProblem(path));
}

class RequestRedirectFilter implements HeadFilter {
  readonly #scheme: string;
  readonly #hostname: string;
  readonly #port: number;
  readonly #listenerPort: number;
  readonly #path: PathEdit | null;
  readonly #status: number;

  constructor(config: RequestRedirect) {
    this.#scheme = config.scheme;
    this.#hostname = usableHost(config.hostname);
    this.#port = config.port;
    this.#listenerPort = config.listenerPort;
    this.#path = pathEdit(config.path);
    this.#status = config.statusCode;
  }

  request(request: MatchedRequest): LocalReply {
    return {
      status: this.#status,
      fields: ['location', this.#location(request)],
      body: '',
      details: 'request_redirect',
    };
  }

  #location({ head, matchedPrefix, listenerPort }: MatchedRequest): string {
    // `*` of OPTIONS is no path.
    const target = head.target.startsWith('/') ? head.target : '/';
    const path = this.#path === null ? target : editTarget(this.#path, target, matchedPrefix);
    const host = this.#hostname === '' ? withoutPort(head.authority) : this.#hostname;
    // HTTP/1.0 without Host: only a reference relative to wherever the client believes to be. One
    // that begins with two slashes would name a host (RFC 3986 4.2).
    if (host === '') return path.startsWith('//') ? `/.${path}` : path;
    const scheme = this.#scheme === '' ? head.scheme : this.#scheme;
    const port = this.#portFor(scheme, listenerPort);
    return `${scheme}://${host}${port === wellKnownPort(scheme) ? '' : `:${port}`}${path}`;
  }

  /** HTTPRequestRedirectFilter.port: a given scheme brings its well-known port, else the listener's counts. */
  #portFor(scheme: string, listenerPort: number): number {
    if (this.#port !== 0) return this.#port;
    if (this.#scheme !== '') return wellKnownPort(scheme);
    return this.#listenerPort === 0 ? listenerPort : this.#listenerPort;
  }
}

function wellKnownPort(scheme: string): number {
  return scheme === 'https' ? 443 : 80;
}
