/** What `tulle up` asks for, parsed and checked. Defaults are the CLI's. */

import type { LogLevel } from '../base/log.ts';
import type { Problem } from '../control/resource.ts';

export interface UpOptions {
  /** Files and directories of resources, as given; at least one. */
  readonly files: readonly string[];
  /** Data plane threads, 1 or more. */
  readonly workers: number;
  /** Null: no admin server. */
  readonly admin: HostPort | null;
  /** A path, `-` for standard output, or `off`. */
  readonly accessLog: string;
  /** `json`, `text`, or a template; known to compile. */
  readonly accessLogFormat: string;
  /** An existing directory for recordings of what passes filters; default: none are made. */
  readonly record?: string;
  readonly logLevel: LogLevel;
  /** How requests in flight are waited for at SIGTERM. */
  readonly drainMs: number;
  /** Default: as {@link FetchOptions} says. */
  readonly fetch?: FetchOptions;
  /** How the process looks to the person who started it. */
  readonly terminal: Terminal;
}

/** How modules from elsewhere are fetched. */
export interface FetchOptions {
  /** Default `$XDG_CACHE_HOME/tulle`, or `~/.cache/tulle`. */
  readonly cacheDirectory?: string;
  /** Registries without TLS, `host` or `host:port`; loopback is always reached so. Default: none. */
  readonly plainHttp?: readonly string[];
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Where the process writes for people; the access log goes its own way. */
export interface Terminal {
  /** The process log as JSON lines instead of readable ones. */
  readonly logJson: boolean;
  readonly color: boolean;
  /** Shows what is served where, once, when it is. */
  printTable(columns: readonly string[], rows: readonly (readonly string[])[]): void;
  /** One line. */
  print(line: string): void;
  /** One line that says why the process does not serve. */
  fail(line: string): void;
}

/** What `tulle check` learns of the files. */
export interface CheckReport {
  /** Counts of what was read. */
  readonly files: number;
  readonly resources: number;
  readonly problems: readonly Problem[];
}
