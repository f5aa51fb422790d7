/**
 * A run's standard error, line by line into the log. What one run may write there is bounded, and so
 * is a line: a guest that talks too much is cut with a last word that says so.
 */

import { Buffer } from 'node:buffer';
import { LIMITS } from '../../base/limits.ts';
import { type Log, passes } from '../../base/log.ts';
import type { OutputSink } from '../wasi/stdio.ts';

const LINE_BYTES_MAX = 4096;
const NEWLINE = 0x0a;
// oxlint-disable-next-line no-control-regex -- these could forge lines or colours on a terminal
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f]/g;

export class GuestLog implements OutputSink {
  readonly #log: Log;
  readonly #service: string;
  readonly #heard: boolean;
  /** The start of a line whose end has not come yet. */
  #partial = '';
  #usedBytes = 0;

  constructor(log: Log, service: string) {
    this.#log = log;
    this.#service = service;
    this.#heard = passes(log.level, 'info');
  }

  /** Everything is taken, so that a guest never waits for the log. */
  write(from: Buffer, at: number, length: number): number {
    if (!this.#heard || this.#usedBytes > LIMITS.guestLogBytesMax) return length;
    const end = at + Math.min(length, LIMITS.guestLogBytesMax - this.#usedBytes);
    this.#usedBytes += length;
    let start = at;
    while (start < end) {
      const newline = from.subarray(start, end).indexOf(NEWLINE);
      const stop = newline < 0 ? end : start + newline;
      this.#append(from.toString('latin1', start, stop));
      if (newline < 0) break;
      this.#flush();
      start = stop + 1;
    }
    if (this.#usedBytes > LIMITS.guestLogBytesMax) this.#cut();
    return length;
  }

  #append(bytes: string): void {
    if (this.#partial.length < LINE_BYTES_MAX) {
      this.#partial += bytes.slice(0, LINE_BYTES_MAX - this.#partial.length);
    }
  }

  #flush(): void {
    const text = Buffer.from(this.#partial, 'latin1').toString('utf8').replace(CONTROLS, '\ufffd');
    this.#partial = '';
    this.#log.write('info', text, { service: this.#service, stream: 'stderr' });
  }

  #cut(): void {
    this.end();
    const message = `standard error cut after ${LIMITS.guestLogBytesMax} bytes`;
    this.#log.write('warn', message, { service: this.#service });
  }

  /** The run is over: a last line without a newline goes out too. */
  end(): void {
    if (this.#partial !== '') this.#flush();
  }
}
