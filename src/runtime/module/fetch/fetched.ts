/** What both ways of fetching a module give. */

export interface Fetched {
  readonly module: Uint8Array;
  /** Tells whether the next fetch has to load anything: a manifest digest, or an ETag; '' for neither. */
  readonly version: string;
  /** Where it came from in the end: an image by its digest, or a URL after redirects. */
  readonly source: string;
  /** Of the image: `sha256:HEX` of its index and manifest. */
  readonly digests: readonly string[];
}

/** It came whole, and holds no module that could be used. */
export interface Unusable {
  readonly unusable: string;
  readonly version: string;
}

/** `unchanged`: the version that the caller knows is the newest. */
export type FetchOutcome = Fetched | Unusable | 'unchanged';
