/** Formats of text that several kinds share; see `scalars.ts`. */

import { isIP, isIPv4 } from 'node:net';
import type { Format } from './scalars.ts';

const LABEL = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';

function pattern(what: string, remedy: string, lengthMax: number, regex: RegExp): Format {
  return { what, remedy, lengthMax, matches: (text) => regex.test(text) };
}

const SUBDOMAIN_TEXT = `${LABEL}(?:\\.${LABEL})*`;
const SUBDOMAIN = new RegExp(`^${SUBDOMAIN_TEXT}$`);
const WILDCARD_HOSTNAME = new RegExp(`^(?:\\*\\.)?${SUBDOMAIN_TEXT}$`);

/** Name of most objects (RFC 1123 subdomain). */
export const OBJECT_NAME: Format = pattern(
  'a name',
  'Use lower-case letters, digits, "-" and ".", with a letter or digit at both ends.',
  253,
  SUBDOMAIN,
);

export const NAMESPACE: Format = pattern(
  'a namespace name',
  'Use lower-case letters, digits and "-", with a letter or digit at both ends.',
  63,
  new RegExp(`^${LABEL}$`),
);

/** Name of a listener or a rule. */
export const SECTION_NAME: Format = { ...OBJECT_NAME, what: 'a section name' };

/** API group; '' is core. */
export const GROUP: Format = pattern(
  'an API group',
  'Write the part of apiVersion before "/", or "" for core kinds.',
  253,
  new RegExp(`^$|^${SUBDOMAIN_TEXT}$`),
);

export const KIND: Format = pattern(
  'a kind',
  'Write it as in the "kind" field of the object.',
  63,
  /^[a-zA-Z](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/,
);

/** Name of an object another one points at; the owner's rules for it are not known here. */
export const REF_NAME: Format = pattern('a name', 'Write the name of the object.', 253, /^.+$/s);

const HOSTNAME_REMEDY =
  'Use lower-case letters, digits, "-" and "." (example.com), without scheme, port or path.';

/** Exact host. Addresses are not hostnames (Gateway API, Hostname). */
export const PRECISE_HOSTNAME: Format = {
  what: 'a hostname',
  remedy: HOSTNAME_REMEDY,
  lengthMax: 253,
  matches: (text) => SUBDOMAIN.test(text) && !isIPv4(text),
};

/** Exact host or `*.suffix`. */
export const HOSTNAME: Format = {
  what: 'a hostname',
  remedy: `${HOSTNAME_REMEDY} A first label "*" matches any host below the rest.`,
  lengthMax: 253,
  matches: (text) => WILDCARD_HOSTNAME.test(text) && !isIPv4(text),
};

/** `domain/path`, as in GatewayClass controllerName. */
export const DOMAIN_PATH: Format = pattern(
  'a domain with a path',
  'Write it as example.com/name.',
  253,
  new RegExp(`^${SUBDOMAIN_TEXT}/[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+$`),
);

/** RFC 9110 section 5.1. */
export const HEADER_NAME: Format = pattern(
  'a header name',
  "Use letters, digits and !#$%&'*+-.^_`|~ only.",
  256,
  /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/,
);

/** RFC 9110 section 5.5, in the Gateway API's narrower form. */
export const HEADER_VALUE: Format = {
  what: 'a header value',
  remedy: 'Use printable ASCII, with single spaces or tabs inside only.',
  lengthMax: 4096,
  matches: isHeaderValue,
};

/** By hand: the specification's expression backtracks without end on long values. */
function isHeaderValue(text: string): boolean {
  let afterBlank = true;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const blank = code === 0x20 || code === 0x09;
    if (blank ? afterBlank : code < 0x21 || code > 0x7e) return false;
    afterBlank = blank;
  }
  return !afterBlank;
}

export const IP_ADDRESS: Format = {
  what: 'an IP address',
  remedy: 'Write an address such as 127.0.0.1 or ::1; for a name use "hostname" and "port".',
  lengthMax: 45,
  matches: (text) => isIP(text) !== 0 && !text.includes('%'),
};

export const IP_OR_CIDR: Format = {
  what: 'an IP address or CIDR block',
  remedy: 'Write an address (192.0.2.7) or a block (10.0.0.0/8, fd00::/8).',
  lengthMax: 49,
  matches: isIpOrCidr,
};

function isIpOrCidr(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  if (!IP_ADDRESS.matches(address) || rest.length > 0) return false;
  if (bits === undefined) return true;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (isIPv4(address) ? 32 : 128);
}

export const SHA256: Format = pattern(
  'a SHA-256 sum',
  'Write its 64 hexadecimal digits, as `sha256sum` prints them.',
  64,
  /^[0-9a-fA-F]{64}$/,
);

/** POSIX allows more; what has "=" or NUL in it cannot be passed on. */
export const ENV_NAME: Format = {
  what: 'the name of an environment variable',
  remedy: 'Use at least one character, without "=" or NUL.',
  lengthMax: 256,
  matches: (text) => text !== '' && !text.includes('=') && !text.includes('\0'),
};
