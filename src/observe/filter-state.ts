/**
 * Values that filters set for the rest of a request. Every filter of it reads them, and so does the
 * access log. One flat list, made with the first value: a request without any pays nothing.
 */

/** Of one request; further ones are dropped. */
const VALUES_MAX = 256;

export class FilterState {
  /** key, value, key, value... */
  readonly #entries: (string | Uint8Array)[] = [];

  get(key: string): Uint8Array | undefined {
    const at = this.#find(key);
    return at === -1 ? undefined : (this.#entries[at + 1] as Uint8Array);
  }

  /** False: the request has too many. The bytes belong to the state from then on. */
  set(key: string, value: Uint8Array): boolean {
    const at = this.#find(key);
    if (at !== -1) this.#entries[at + 1] = value;
    else if (this.#entries.length >= VALUES_MAX * 2) return false;
    else this.#entries.push(key, value);
    return true;
  }

  #find(key: string): number {
    for (let i = 0; i < this.#entries.length; i += 2) if (this.#entries[i] === key) return i;
    return -1;
  }
}
