/**
 * One worker's access log: a line for each finished request, to a file, standard output or nowhere,
 * and to whoever taps it. Writing never waits and never fails a request; see `line-file.ts`.
 */

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { compileFormat, jsonFormat } from './access-format.ts';
import { isFormatError } from './format-error.ts';
import { LineFile } from './line-file.ts';
import type { LineFormat } from './line-format.ts';
import type { MetricsRegistry } from './metrics.ts';
import type { StreamInfo } from './stream-info.ts';

export interface AccessLogOptions {
  /** A path, `-` for standard output, or `off`. */
  readonly target: string;
  /** `json`, `text`, or a template; see {@link compileFormat}. */
  readonly format: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly registry: MetricsRegistry;
  /** How long a line may wait for others, default 100 ms. */
  readonly flushMs?: number;
}

/** Gets each line as JSON, whatever the format of the file. */
export type TapListener = (line: string) => void;

export class AccessLog {
  readonly #file: LineFile | null;
  readonly #format: LineFormat;
  readonly #json: LineFormat = jsonFormat();
  #tap: TapListener | null = null;

  /** Throws an Error with one clear line: a format that does not compile, a file that cannot be opened. */
  constructor(options: AccessLogOptions) {
    const format = compileFormat(options.format);
    if (isFormatError(format)) throw new Error(format.error);
    this.#format = format;
    if (options.target === 'off') {
      this.#file = null;
      return;
    }
    const dropped = options.registry.counter(
      'tulle_access_log_dropped_total',
      'Lines of the access log lost because their target could not take them.',
    );
    const { target: path, clock, log, flushMs } = options;
    const onDropped = (lines: number): void => dropped.add(lines);
    this.#file = new LineFile({ path, clock, log, onDropped, ...(flushMs && { flushMs }) });
  }

  /** Called once for each request, when its figures are final. */
  write(info: StreamInfo): void {
    if (this.#file !== null) this.#file.write(this.#format(info));
    if (this.#tap !== null) this.#tap(this.#json(info));
  }

  /** Null ends it. */
  tap(listener: TapListener | null): void {
    this.#tap = listener;
  }

  /** Resolves when all lines so far are written or dropped. */
  flush(): Promise<void> {
    return this.#file?.flush() ?? Promise.resolve();
  }

  /** After a rotation (SIGHUP). */
  reopen(): Promise<void> {
    return this.#file?.reopen() ?? Promise.resolve();
  }

  close(): Promise<void> {
    return this.#file?.close() ?? Promise.resolve();
  }
}
