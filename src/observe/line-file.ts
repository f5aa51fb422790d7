/**
 * Lines to a file, a pipe or standard output, without ever making the caller wait. Lines gather in
 * a chunk; a full or old chunk is written by one asynchronous call, one at a time. What the disk or
 * the reader cannot take waits up to a bound, then further lines are dropped and counted.
 *
 * Several workers append to one file: it is opened for appending and each write holds whole lines,
 * so that lines never mix. A pipe keeps writes whole only up to PIPE_BUF (4,096 bytes), so a pipe
 * gets no more at once; a single longer line may be torn there.
 *
 * A file that was renamed or deleted is noticed within {@link CHECK_MS} of a write, and opened anew.
 */

import {
  close as closeFile,
  constants,
  fstatSync,
  open as openFile,
  openSync,
  stat,
  write as writeFile,
} from 'node:fs';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';

const CHUNK_BYTES = 64 * 1024;
const QUEUE_BYTES_MAX = 1024 * 1024;
const FLUSH_MS = 100;
const RETRY_MS = 10;
const CHECK_MS = 1_000;
const REPORT_MS = 10_000;
const PIPE_WRITE_BYTES = 4_096;
const NEWLINE = 0x0a;
const STDOUT = 1;

/** O_NONBLOCK: a named pipe without a reader is an error at once instead of a thread that hangs. */
const OPEN_FLAGS =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

export interface LineFileOptions {
  /** A path, or `-` for standard output. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Told how many lines were lost. */
  readonly onDropped?: (lines: number) => void;
  /** How long a line may wait for others, default 100 ms. */
  readonly flushMs?: number;
  /** Unwritten bytes at which lines are dropped, default 1 MiB. */
  readonly queueBytesMax?: number;
}

interface Chunk {
  readonly bytes: Buffer;
  length: number;
  lines: number;
  /** Bytes of it that are out. */
  written: number;
}

export class LineFile {
  readonly #options: LineFileOptions;
  readonly #queueBytesMax: number;
  readonly #timer: NodeJS.Timeout;
  #fd: number;
  #inode: number;
  #isPipe: boolean;
  #nextFd = -1;
  #chunk: Chunk = emptyChunk();
  #spare: Chunk | null = null;
  readonly #queue: Chunk[] = [];
  #queuedBytes = 0;
  #writing = false;
  #closed = false;
  /** Lines lost since the process log last said so. */
  #lost = 0;
  #reportedMs = Number.NEGATIVE_INFINITY;
  #checkedMs: number;
  #waiters: (() => void)[] = [];

  /** Throws an Error with one clear line when the file cannot be opened. */
  constructor(options: LineFileOptions) {
    this.#options = options;
    this.#queueBytesMax = options.queueBytesMax ?? QUEUE_BYTES_MAX;
    this.#checkedMs = options.clock.now();
    try {
      this.#fd = options.path === '-' ? STDOUT : openSync(options.path, OPEN_FLAGS, 0o644);
    } catch (error) {
      throw new Error(openFailure(options.path, error), { cause: error });
    }
    const stats = fstatSync(this.#fd);
    this.#inode = stats.ino;
    this.#isPipe = stats.isFIFO() || stats.isSocket();
    this.#timer = setTimeout(() => this.#seal(), options.flushMs ?? FLUSH_MS);
    this.#timer.unref();
  }

  /** Takes a line of chars below 256, without its end. */
  write(line: string): void {
    const length = line.length + 1;
    if (this.#queuedBytes + this.#chunk.length + length > this.#queueBytesMax || this.#closed) {
      this.#lose(1, 'its target cannot keep up');
      return;
    }
    if (this.#chunk.length + length > CHUNK_BYTES) this.#seal();
    if (length > CHUNK_BYTES) {
      this.#enqueue({ bytes: Buffer.from(`${line}\n`, 'latin1'), length, lines: 1, written: 0 });
      return;
    }
    const chunk = this.#chunk;
    if (chunk.length === 0) this.#timer.refresh();
    chunk.bytes.write(line, chunk.length, length - 1, 'latin1');
    chunk.bytes[chunk.length + length - 1] = NEWLINE;
    chunk.length += length;
    chunk.lines++;
  }

  /** Resolves when all lines taken so far are written or dropped. */
  flush(): Promise<void> {
    this.#seal();
    if (!this.#writing) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Opens the path anew; on failure the log goes on where it was. Nothing to do for standard output. */
  reopen(): Promise<void> {
    const { path, log } = this.#options;
    if (path === '-' || this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      openFile(path, OPEN_FLAGS, 0o644, (error, fd) => {
        if (error !== null) log.write('error', openFailure(path, error));
        else if (this.#closed) closeFile(fd);
        else this.#replaceBy(fd);
        resolve();
      });
    });
  }

  /** Writes what is left and closes the file; later lines are dropped. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.flush();
    clearTimeout(this.#timer);
    if (this.#nextFd !== -1) closeFile(this.#nextFd);
    if (this.#fd !== STDOUT) closeFile(this.#fd);
  }

  #seal(): void {
    const chunk = this.#chunk;
    if (chunk.length === 0) return;
    this.#chunk = this.#spare ?? emptyChunk();
    this.#spare = null;
    this.#enqueue(chunk);
  }

  #enqueue(chunk: Chunk): void {
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (!this.#writing) this.#writeNext();
  }

  #writeNext(): void {
    const chunk = this.#queue[0];
    this.#writing = chunk !== undefined;
    if (chunk === undefined) {
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const resolve of waiters) resolve();
      return;
    }
    const bytes = this.#isPipe ? wholeLines(chunk) : chunk.length - chunk.written;
    writeFile(this.#fd, chunk.bytes, chunk.written, bytes, null, (error, written) => {
      this.#wrote(chunk, error, written);
    });
  }

  #wrote(chunk: Chunk, error: NodeJS.ErrnoException | null, written: number): void {
    if (error !== null && error.code === 'EAGAIN') {
      setTimeout(() => this.#writeNext(), RETRY_MS);
      return;
    }
    if (error !== null) this.#lose(chunk.lines, error.message);
    else chunk.written += written;
    if (error !== null || chunk.written === chunk.length) this.#finish(chunk);
    if (this.#nextFd !== -1) this.#swap();
    this.#checkPlace();
    this.#writeNext();
  }

  #finish(chunk: Chunk): void {
    this.#queue.shift();
    this.#queuedBytes -= chunk.length;
    if (chunk.bytes.length !== CHUNK_BYTES) return;
    chunk.length = 0;
    chunk.lines = 0;
    chunk.written = 0;
    this.#spare = chunk;
  }

  /** Counts each lost line; says so at most once in {@link REPORT_MS}. */
  #lose(lines: number, reason: string): void {
    const { path, log, clock, onDropped } = this.#options;
    onDropped?.(lines);
    this.#lost += lines;
    const nowMs = clock.now();
    if (nowMs - this.#reportedMs < REPORT_MS) return;
    this.#reportedMs = nowMs;
    log.write('warn', `access log ${path} loses lines: ${reason}`, { lines: this.#lost });
    this.#lost = 0;
  }

  #replaceBy(fd: number): void {
    if (this.#nextFd !== -1) closeFile(this.#nextFd);
    this.#nextFd = fd;
    if (!this.#writing) this.#swap();
  }

  #swap(): void {
    closeFile(this.#fd);
    this.#fd = this.#nextFd;
    this.#nextFd = -1;
    const stats = fstatSync(this.#fd);
    this.#inode = stats.ino;
    this.#isPipe = stats.isFIFO();
  }

  #checkPlace(): void {
    const { path, clock } = this.#options;
    const nowMs = clock.now();
    if (path === '-' || nowMs - this.#checkedMs < CHECK_MS) return;
    this.#checkedMs = nowMs;
    stat(path, (error, stats) => {
      const moved = error === null ? stats.ino !== this.#inode : error.code === 'ENOENT';
      if (moved) void this.reopen();
    });
  }
}

function emptyChunk(): Chunk {
  return { bytes: Buffer.allocUnsafeSlow(CHUNK_BYTES), length: 0, lines: 0, written: 0 };
}

/** Bytes up to the last line end within what a pipe keeps whole, or the one line that is longer. */
function wholeLines(chunk: Chunk): number {
  const left = chunk.length - chunk.written;
  if (left <= PIPE_WRITE_BYTES) return left;
  const last = chunk.bytes.lastIndexOf(NEWLINE, chunk.written + PIPE_WRITE_BYTES - 1);
  if (last >= chunk.written) return last + 1 - chunk.written;
  return chunk.bytes.indexOf(NEWLINE, chunk.written) + 1 - chunk.written;
}

const OPEN_REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'its directory does not exist; create it',
  EACCES: 'permission denied; choose a file this user may write',
  EISDIR: 'it is a directory; name a file in it',
  ENXIO: 'nothing reads that pipe; start the reader first',
  EROFS: 'the file system is read-only',
};

function openFailure(path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return `cannot open the access log ${path}: ${OPEN_REMEDIES[code] ?? code}`;
}
