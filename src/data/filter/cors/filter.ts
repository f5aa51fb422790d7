/**
 * CORS (GEP-1767): answers preflights itself and decides alone which origins may read answers; what
 * the backend says about it is dropped.
 *
 * The answer names the request's own origin and never `*`, which Gateway API allows and which is
 * right with credentials too; so it varies with the origin. A wildcard of methods or headers echoes
 * what the preflight asks for, as `*` would not cover `authorization` (Fetch 3.3.4).
 */

import type { Cors } from '../../../config/route.ts';
import { type Fields, fieldValue, joinedFieldValue, type ResponseHead } from '../../codec/head.ts';
import type { HeadFilter, LocalReply, MatchedRequest } from '../contract.ts';
import { Origins, originProblem } from './origins.ts';

export function cors(config: Cors): HeadFilter {
  return new CorsFilter(config);
}

/** Why the filter cannot be used, with a remedy, or null. */
export function corsProblem(config: Cors): string | null {
  for (const origin of config.allowOrigins) {
    const problem = originProblem(origin);
    if (problem !== null) return problem;
  }
  for (const name of [...config.allowMethods, ...config.allowHeaders, ...config.exposeHeaders]) {
    if (!TOKEN.test(name)) return `"${name}" is not a method or header name`;
  }
  return null;
}

/** RFC 9110 5.6.2; `*` is one of its characters. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const PREFIX = 'access-control-';
/** The preflight's status: Gateway API allows 204 too, its conformance tests not everywhere. */
const PREFLIGHT_STATUS = 200;

class CorsFilter implements HeadFilter {
  readonly #origins: Origins;
  /** Header values; '' leaves the header out, `*` echoes the request. */
  readonly #methods: string;
  readonly #headers: string;
  readonly #expose: string;
  readonly #credentials: boolean;
  readonly #maxAge: string;

  constructor(config: Cors) {
    this.#origins = new Origins(config.allowOrigins);
    this.#methods = listed(config.allowMethods);
    this.#headers = listed(config.allowHeaders);
    this.#expose = listed(config.exposeHeaders);
    this.#credentials = config.allowCredentials;
    this.#maxAge = String(config.maxAgeS);
  }

  request(request: MatchedRequest): LocalReply | null {
    const { origin, head } = request;
    const method = preflightMethod(request);
    if (origin === undefined || method === undefined) return null;
    const fields: Fields = [];
    if (this.#origins.allows(origin)) {
      this.#addOrigin(fields, origin);
      addListed(fields, `${PREFIX}allow-methods`, this.#methods, method);
      const asked = joinedFieldValue(head.fields, `${PREFIX}request-headers`);
      addListed(fields, `${PREFIX}allow-headers`, this.#headers, asked);
      fields.push(`${PREFIX}max-age`, this.#maxAge);
      addListed(fields, `${PREFIX}expose-headers`, this.#expose, this.#credentials ? '' : '*');
    }
    fields.push('vary', VARY_PREFLIGHT);
    return { status: PREFLIGHT_STATUS, fields, body: '', details: 'cors_preflight' };
  }

  response(head: ResponseHead, request: MatchedRequest): void {
    // The answer to a preflight was made above and may pass here again.
    if (request.origin !== undefined && preflightMethod(request) !== undefined) return;
    const { fields } = head;
    removeCors(fields);
    addVary(fields);
    if (request.origin === undefined || !this.#origins.allows(request.origin)) return;
    const expose = this.#expose === '*' && this.#credentials ? readable(fields) : this.#expose;
    this.#addOrigin(fields, request.origin);
    if (expose !== '') fields.push(`${PREFIX}expose-headers`, expose);
  }

  #addOrigin(fields: Fields, origin: string): void {
    fields.push(`${PREFIX}allow-origin`, origin);
    if (this.#credentials) fields.push(`${PREFIX}allow-credentials`, 'true');
  }
}

const VARY_PREFLIGHT = 'origin, access-control-request-method, access-control-request-headers';

/** Fetch 3.3.2: OPTIONS with an origin and a method asked for. */
function preflightMethod({ head }: MatchedRequest): string | undefined {
  if (head.method !== 'OPTIONS') return undefined;
  return fieldValue(head.fields, `${PREFIX}request-method`);
}

function listed(names: readonly string[]): string {
  return names.includes('*') ? '*' : names.filter((name) => TOKEN.test(name)).join(', ');
}

function addListed(fields: Fields, name: string, value: string, asked: string | undefined): void {
  const given = value === '*' ? asked : value;
  if (given !== undefined && given !== '') fields.push(name, given);
}

function removeCors(fields: Fields): void {
  let kept = 0;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (name.startsWith(PREFIX)) continue;
    fields[kept] = name;
    fields[kept + 1] = fields[i + 1] as string;
    kept += 2;
  }
  fields.length = kept;
}

/** RFC 9110 12.5.5. */
function addVary(fields: Fields): void {
  const vary = joinedFieldValue(fields, 'vary');
  if (vary !== undefined && /(?:^|,)[ \t]*(?:\*|origin)[ \t]*(?:,|$)/i.test(vary)) return;
  fields.push('vary', 'origin');
}

/** With credentials `*` means a header of that name (Fetch 3.3.4), so all are named. */
function readable(fields: Fields): string {
  const names = new Set<string>();
  for (let i = 0; i < fields.length; i += 2) names.add(fields[i] as string);
  names.delete('set-cookie');
  return [...names].join(', ');
}
