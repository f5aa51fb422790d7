/**
 * Hostname to addresses. The system resolver asks `getaddrinfo`, not the DNS servers: only so do
 * `localhost`, /etc/hosts, search domains (short names in Kubernetes) and every other source the
 * machine is set up with answer as they do for other programs. The price: it tells no time to live,
 * and it takes a thread of the process's small pool, so only a few look-ups of a worker run at once.
 */

import { lookup } from 'node:dns/promises';

export interface Resolution {
  /** IP addresses in any order. */
  readonly addresses: readonly string[];
  /** How long the answer is good for; null: not known. */
  readonly ttlMs: number | null;
}

export interface Resolver {
  /** Rejects when there is no answer; an answer may have no addresses. */
  resolve(hostname: string): Promise<Resolution>;
}

/** What the system answers for a name: the addresses of both families, or a rejection. */
export type Lookup = (
  hostname: string,
) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/** Of the four threads that file access shares. */
const LOOKUPS_AT_ONCE_MAX = 2;

const systemLookup: Lookup = (hostname) => lookup(hostname, { all: true, order: 'verbatim' });

/**
 * Where a name has addresses of both families the IPv4 ones are taken: they are two ways to the
 * same hosts, and a backend that listens on one of them only (`localhost` is the common case) would
 * refuse half of its requests.
 */
export class SystemResolver implements Resolver {
  readonly #lookup: Lookup;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(lookupName: Lookup = systemLookup) {
    this.#lookup = lookupName;
  }

  async resolve(hostname: string): Promise<Resolution> {
    if (this.#running === LOOKUPS_AT_ONCE_MAX) {
      await new Promise<void>((start) => this.#waiting.push(start));
    } else {
      this.#running++;
    }
    try {
      const found = await this.#lookup(hostname);
      const v4 = found.filter((entry) => entry.family === 4);
      const addresses = (v4.length > 0 ? v4 : found).map((entry) => entry.address);
      return { addresses, ttlMs: null };
    } finally {
      const next = this.#waiting.shift();
      // The place goes to who waits longest, so the count stays.
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
