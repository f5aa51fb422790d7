/**
 * Access log lines to several readers at once, as JSON lines over HTTP. A reader that does not keep
 * up misses lines and is told how many; it never slows a worker or another reader.
 */

import type { ServerResponse } from 'node:http';
import type { TapBatch } from '../observe/tap.ts';
import type { AdminSource } from './source.ts';

const READERS_MAX = 8;
const UNSENT_BYTES_MAX = 1024 * 1024;

export class TapStreams {
  readonly #source: AdminSource;
  readonly #readers = new Set<Reader>();
  #stop: (() => void) | null = null;

  constructor(source: AdminSource) {
    this.#source = source;
  }

  /** False when there are too many readers already. */
  add(response: ServerResponse): boolean {
    if (this.#readers.size >= READERS_MAX) return false;
    const reader = new Reader(response);
    this.#readers.add(reader);
    response.on('close', () => this.#remove(reader));
    response.writeHead(200, {
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
    });
    response.flushHeaders();
    this.#stop ??= this.#source.tap((batch) => {
      for (const each of this.#readers) each.send(batch);
    });
    return true;
  }

  close(): void {
    for (const reader of this.#readers) reader.end();
  }

  /** The last reader to leave ends the tap: it costs the workers. */
  #remove(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#stop?.();
    this.#stop = null;
  }
}

class Reader {
  readonly #response: ServerResponse;
  #missed = 0;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  send(batch: TapBatch): void {
    this.#missed += batch.dropped;
    if (this.#response.writableLength > UNSENT_BYTES_MAX) {
      this.#missed += lineCount(batch.lines);
      return;
    }
    const note = this.#missed === 0 ? '' : `${JSON.stringify({ missed: this.#missed })}\n`;
    this.#missed = 0;
    this.#response.write(note + batch.lines);
  }

  end(): void {
    this.#response.end();
  }
}

function lineCount(lines: string): number {
  let count = 0;
  for (let at = lines.indexOf('\n'); at !== -1; at = lines.indexOf('\n', at + 1)) count++;
  return count;
}
