/**
 * Which origins a CORS filter allows (HTTPCORSFilter.allowOrigins of Gateway API). A pattern is `*`
 * for all, or `scheme://host[:port]` whose host is exact, `*`, or `*.suffix` (any number of labels),
 * and whose port is exact or `*`. No port means the scheme's own.
 */

interface OriginPattern {
  readonly scheme: string;
  /** '' for `*`. */
  readonly suffix: string;
  readonly isSuffix: boolean;
  /** '' for any. */
  readonly port: string;
}

const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[^/:[\]]+)(?::(\d{1,5}|\*))?$/;

/** `*`, `*.suffix` or no star at all. */
const HOST = /^(?:\*|(?:\*\.)?[^*]+)$/;

export class Origins {
  readonly #all: boolean;
  /** With and without the scheme's own port. */
  readonly #exact = new Set<string>();
  readonly #patterns: OriginPattern[] = [];

  constructor(allowed: readonly string[]) {
    this.#all = allowed.includes('*');
    for (const text of allowed) {
      const [, scheme, host, given] = ORIGIN.exec(text.toLowerCase()) ?? [];
      if (scheme === undefined || host === undefined || !HOST.test(host)) continue;
      const port = given ?? ownPort(scheme);
      if (!host.startsWith('*') && port !== '*') {
        this.#exact.add(`${scheme}://${host}:${port}`);
        if (port === ownPort(scheme)) this.#exact.add(`${scheme}://${host}`);
        continue;
      }
      this.#patterns.push({
        scheme,
        suffix: host.startsWith('*') ? host.slice(1) : host,
        isSuffix: host.startsWith('*'),
        port: port === '*' ? '' : port,
      });
    }
  }

  allows(origin: string): boolean {
    if (this.#all || this.#exact.has(origin)) return true;
    const lower = origin.toLowerCase();
    if (this.#exact.has(lower)) return true;
    return this.#patterns.length > 0 && this.#fitsPattern(lower);
  }

  #fitsPattern(origin: string): boolean {
    const [, scheme, host, given] = ORIGIN.exec(origin) ?? [];
    if (scheme === undefined || host === undefined || given === '*') return false;
    const port = given ?? ownPort(scheme);
    for (const pattern of this.#patterns) {
      if (pattern.scheme !== scheme || (pattern.port !== '' && pattern.port !== port)) continue;
      if (pattern.isSuffix) {
        // The star stands for something: `https://*.a.com` is not `https://.a.com`.
        if (host.length > pattern.suffix.length && host.endsWith(pattern.suffix)) return true;
      } else if (host === pattern.suffix) return true;
    }
    return false;
  }
}

/** Why a pattern cannot be used, with a remedy, or null. */
export function originProblem(pattern: string): string | null {
  if (pattern === '*') return null;
  const [, , host] = ORIGIN.exec(pattern.toLowerCase()) ?? [];
  if (host !== undefined && HOST.test(host)) return null;
  return `"${pattern}" is not an origin; write scheme://host, scheme://*.domain or *`;
}

function ownPort(scheme: string): string {
  if (scheme === 'https') return '443';
  return scheme === 'http' ? '80' : '';
}
