/**
 * What the harness asks of a proxy. A scenario says what it must do; the peer turns that into files and a
 * command. All peers do the same work in each scenario: one core, keep-alive on both sides with pools
 * that never run short, `x-request-id` and `x-forwarded-for` added, one route per path prefix, and an
 * access log that holds time, method, path, protocol, status, bytes, duration, client, upstream and id.
 */

export interface Scenario {
  /** Port to serve HTTP/1.1 on, 127.0.0.1 only. */
  readonly port: number;
  /** Port for the peer's own administration, where it has one. */
  readonly adminPort: number;
  /** Backend on 127.0.0.1. */
  readonly upstreamPort: number;
  /** 0: one route for every path. Else the path prefixes /r0 .. /r(n-1), by segment, to the same backend. */
  readonly routes: number;
  /** Value of `x-bench-revision` on the answers of the first route; null adds no such header. */
  readonly revision: string | null;
  /** File the access log is appended to; null turns it off. */
  readonly accessLog: string | null;
  /** A proxy-wasm module that filters every request; null runs none. */
  readonly filter: string | null;
  /** An empty directory of this peer's own. */
  readonly dir: string;
}

export interface Launch {
  readonly command: readonly string[];
  /** Where standard output must go, when the peer's log has no other way out. */
  readonly stdoutPath?: string;
}

export type Found =
  | { readonly ok: true; readonly version: string }
  | { readonly ok: false; readonly remedy: string };

export interface Peer {
  readonly name: string;
  /** Whether it runs proxy-wasm filters. */
  readonly runsFilters: boolean;
  find(): Found;
  /** Writes the files of a scenario, and gives the command that serves it in the foreground. */
  prepare(scenario: Scenario): Launch;
  /**
   * Makes a running process take the scenario's files as they are now: for a peer that watches its files
   * this is the write itself. `pid` is its main process.
   */
  change(scenario: Scenario, pid: number): void;
}

/** Sent with `x-filtered` by the benchmark's filter, so that its work is seen. */
export const FILTER_CONFIG = 'bench';

/** Header that shows which revision of the configuration answered. */
export const REVISION_HEADER = 'x-bench-revision';

export function routeNames(routes: number): string[] {
  return Array.from({ length: routes }, (_, index) => `r${index}`);
}
