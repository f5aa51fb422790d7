/** What fetching modules takes and tells: the border of this folder. */

import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import type { Scheduler } from '../../../base/scheduler.ts';

/** A module as a resource names it. */
export interface RemoteSource {
  /** `http://`, `https://` or `oci://`. */
  readonly url: string;
  /** Of the module or, as Istio has it, of the image; '' for no check. */
  readonly sha256: string;
  /** `always`: asked for anew with each configuration. */
  readonly pull: 'always' | 'ifNotPresent';
  /** Docker configuration that holds the credentials; '' for the one of the process. */
  readonly pullSecret: string;
}

export interface RemoteStatus {
  readonly state: 'loading' | 'ready' | 'failed';
  /** Image by digest, or URL, that the module came from; '' before there is one. */
  readonly source: string;
  /** Of the module; '' before there is one. */
  readonly sha256: string;
  /** Why the last attempt failed, also while an older module is ready; '' if it did not. */
  readonly error: string;
  /** Wall clock of the last attempt; 0 while the cache was enough. */
  readonly attemptedMs: number;
  /** Wall clock of the next one; 0 when none is planned. */
  readonly nextMs: number;
}

export interface RemoteDeps {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  /** 0 to 1. */
  readonly random: () => number;
  /** Absolute. */
  readonly cacheDirectory: string;
  /** See {@link RegistryAccess.plainHttp}. */
  readonly plainHttp: readonly string[];
  /** Text of the Docker configuration of the process, read anew for each attempt; '' for none. */
  readonly dockerConfig: () => Promise<string>;
  /** Default {@link LIMITS.moduleFetchIdleMs}. */
  readonly idleMs?: number;
  /** Default {@link LIMITS.moduleCacheBytesMax}. */
  readonly cacheBytesMax?: number;
  /** A module has arrived or could not be had for the first time; never within a call. */
  readonly onChange: () => void;
}
