/** HTTPRoute of the Gateway API: rules and matches. Filters are in `http-filters.ts`. */

import { HEADER_NAME, HEADER_VALUE, SECTION_NAME } from './formats.ts';
import { filters, pathModifierOf } from './http-filters.ts';
import { withSpec } from './metadata.ts';
import { backendRefFields, hostnames, parentRefs, servicePort, weight } from './references.ts';
import { duration, int, oneOf, text, textUpTo } from './scalars.ts';
import { freeForm, list, notServed, object, type Rule, required, type Schema } from './schema.ts';
import type {
  HttpBackendRef,
  HttpFieldMatch,
  HttpPathMatch,
  HttpRouteFilter,
  HttpRouteMatch,
  HttpRouteRetry,
  HttpRouteRule,
  HttpRouteSpec,
  HttpRouteTimeouts,
} from './types-http-route.ts';
import { parseDurationMs } from './units.ts';

const METHODS: readonly string[] = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
];

/** What the specification forbids inside Exact and PathPrefix values, besides odd characters. */
const FORBIDDEN_IN_PATH = /\/\/|\/\.\.?\/|\/\.\.?$|%2[fF]|#/;
const PATH_CHARACTERS = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/;

const pathValue: Rule<HttpPathMatch> = ({ type, value }, inspection) => {
  if (type === 'RegularExpression' || value === undefined) return;
  if (!value.startsWith('/')) {
    const message = 'does not begin with "/"';
    inspection.errorAt(['value'], 'bad-path', message, `Write it as /${value}.`);
    return;
  }
  const forbidden = FORBIDDEN_IN_PATH.exec(value);
  if (forbidden !== null) {
    const message = `contains "${forbidden[0]}", which no request that arrives here has`;
    const remedy = 'Write the path as it is after normalisation, without query or fragment.';
    inspection.errorAt(['value'], 'bad-path', message, remedy);
  } else if (!PATH_CHARACTERS.test(value)) {
    const message = 'contains characters that a path cannot have';
    const remedy = 'Percent-encode them; for patterns use type RegularExpression.';
    inspection.errorAt(['value'], 'bad-path', message, remedy);
  }
};

/** The name alone, as the specification compares it. */
const fieldName = (match: HttpFieldMatch): string => match.name;

const match: Schema = object<HttpRouteMatch>({
  path: object<HttpPathMatch>(
    { type: oneOf('Exact', 'PathPrefix', 'RegularExpression'), value: textUpTo(1024) },
    pathValue,
  ),
  headers: list<HttpFieldMatch>(
    object<HttpFieldMatch>({
      type: oneOf('Exact', 'RegularExpression'),
      name: required(text(HEADER_NAME)),
      value: required(text(HEADER_VALUE)),
    }),
    { max: 16, uniqueBy: fieldName },
  ),
  queryParams: list<HttpFieldMatch>(
    object<HttpFieldMatch>({
      type: oneOf('Exact', 'RegularExpression'),
      name: required(text({ ...HEADER_NAME, what: 'a query parameter name' })),
      value: required(textUpTo(1024, 1)),
    }),
    { max: 16, uniqueBy: fieldName },
  ),
  method: oneOf(...METHODS),
});

const attemptsFit: Rule<HttpRouteTimeouts> = ({ request, backendRequest }, inspection) => {
  const requestMs = parseDurationMs(request ?? '') ?? 0;
  const backendRequestMs = parseDurationMs(backendRequest ?? '') ?? 0;
  if (requestMs === 0 || backendRequestMs <= requestMs) return;
  const message = `${backendRequest} is longer than the whole request may take (${request})`;
  const remedy = 'Lower backendRequest, or raise request.';
  inspection.errorAt(['backendRequest'], 'conflict', message, remedy);
};

const usesRedirect = (filter: HttpRouteFilter): boolean => filter.type === 'RequestRedirect';

const redirectStandsAlone: Rule<HttpRouteRule> = (rule, inspection) => {
  const index = (rule.filters ?? []).findIndex(usesRedirect);
  if (index < 0 || (rule.backendRefs ?? []).length === 0) return;
  const message = 'RequestRedirect does not go with backendRefs: no request would reach them';
  inspection.errorAt(['filters', index], 'conflict', message, 'Remove one of the two.');
};

/** ReplacePrefixMatch needs to know the one prefix it replaces. */
const prefixIsKnown: Rule<HttpRouteRule> = (rule, inspection) => {
  if (hasOnePrefix(rule.matches ?? [])) return;
  const remedy = 'Give the rule exactly one match, of type PathPrefix, or use ReplaceFullPath.';
  const check = (found: readonly HttpRouteFilter[] | undefined, at: (string | number)[]): void => {
    for (const [index, filter] of (found ?? []).entries()) {
      if (pathModifierOf(filter)?.type !== 'ReplacePrefixMatch') continue;
      const message = 'ReplacePrefixMatch does not go with the matches of this rule';
      inspection.errorAt([...at, 'filters', index], 'conflict', message, remedy);
    }
  };
  check(rule.filters, []);
  for (const [index, backend] of (rule.backendRefs ?? []).entries()) {
    check(backend.filters, ['backendRefs', index]);
  }
};

function hasOnePrefix(matches: readonly HttpRouteMatch[]): boolean {
  if (matches.length === 0) return true;
  return matches.length === 1 && (matches[0]?.path?.type ?? 'PathPrefix') === 'PathPrefix';
}

const rule: Schema = object<HttpRouteRule>(
  {
    name: text(SECTION_NAME),
    matches: list(match, { max: 64 }),
    filters,
    backendRefs: list(
      object<HttpBackendRef>({ ...backendRefFields, weight, filters }, servicePort),
      { max: 16 },
    ),
    timeouts: object<HttpRouteTimeouts>(
      { request: duration, backendRequest: duration },
      attemptsFit,
    ),
    retry: object<HttpRouteRetry>({
      codes: list<number>(int(400, 599), { uniqueBy: String }),
      attempts: int(0),
      backoff: duration,
    }),
    sessionPersistence: notServed(freeForm),
  },
  redirectStandsAlone,
  prefixIsKnown,
);

const MATCHES_MAX = 128;

const matchesInAll: Rule<HttpRouteSpec> = ({ rules = [] }, inspection) => {
  const count = rules.reduce((sum, { matches = [] }) => sum + matches.length, 0);
  if (count <= MATCHES_MAX) return;
  const message = `has ${count} matches in all its rules, at most ${MATCHES_MAX} are allowed`;
  inspection.errorAt(['rules'], 'too-many', message, 'Move some rules to another HTTPRoute.');
};

export const httpRoute: Schema = withSpec(
  object<HttpRouteSpec>(
    {
      parentRefs,
      useDefaultGateways: notServed(oneOf('All', 'None')),
      hostnames,
      rules: list<HttpRouteRule>(rule, { max: 16, uniqueBy: ({ name }) => name ?? null }),
    },
    matchesInAll,
  ),
);
