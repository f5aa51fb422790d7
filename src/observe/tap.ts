/**
 * Live access log lines on their way from a worker to whoever taps the process. Lines gather for a
 * moment and go as one text; a burst beyond the bound is cut and counted, never queued.
 */

export interface TapBatch {
  /** JSON objects, each with its line end; '' for none. */
  readonly lines: string;
  readonly dropped: number;
}

const BATCH_CHARS_MAX = 256 * 1024;
const BATCH_MS = 100;

/** Give {@link TapBuffer.take} to `AccessLog.tap`; `post` gets a batch at most every 100 ms. */
export class TapBuffer {
  readonly #post: (batch: TapBatch) => void;
  readonly #timer: NodeJS.Timeout;
  #lines = '';
  #dropped = 0;
  #armed = false;

  constructor(post: (batch: TapBatch) => void, batchMs: number = BATCH_MS) {
    this.#post = post;
    this.#timer = setTimeout(() => this.flush(), batchMs);
    this.#timer.unref();
  }

  readonly take = (line: string): void => {
    if (!this.#armed) {
      this.#armed = true;
      this.#timer.refresh();
    }
    if (this.#lines.length + line.length >= BATCH_CHARS_MAX) this.#dropped++;
    else this.#lines += `${line}\n`;
  };

  flush(): void {
    this.#armed = false;
    if (this.#lines === '' && this.#dropped === 0) return;
    const batch = { lines: this.#lines, dropped: this.#dropped };
    this.#lines = '';
    this.#dropped = 0;
    this.#post(batch);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
