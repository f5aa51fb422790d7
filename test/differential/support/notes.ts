/** What guests write down while they run, read from a host's log: `@NAME CASE what...`. */

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface Note {
  /** The filter's. */
  readonly name: string;
  readonly text: string;
}

const NOTE = /@([\w-]+) ([\w-]+) (.*)$/;
const PATIENCE_MS = 5_000;

export class Notes {
  /** The last lines of the host's log, notes or not. */
  readonly tail: string[] = [];
  readonly #cases = new Map<string, Note[]>();
  readonly #waiting = new Set<() => void>();

  read(log: Readable): void {
    createInterface({ input: log }).on('line', (line) => {
      this.#line(line);
      for (const look of this.#waiting) look();
    });
  }

  of(id: string): readonly Note[] {
    return this.#cases.get(id) ?? [];
  }

  /** Resolves once `enough` holds of a case's notes; false where that is not so in time. */
  until(
    id: string,
    enough: (notes: readonly Note[]) => boolean,
    patienceMs = PATIENCE_MS,
  ): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (result: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(result);
      };
      const look = (): void => {
        if (enough(this.of(id))) finish(true);
      };
      const timer = setTimeout(() => finish(false), patienceMs);
      this.#waiting.add(look);
      look();
    });
  }

  #line(line: string): void {
    this.tail.push(line);
    if (this.tail.length > 200) this.tail.shift();
    const note = NOTE.exec(messageOf(line));
    if (note === null) return;
    const [, name = '', id = '', text = ''] = note;
    const notes = this.#cases.get(id);
    if (notes === undefined) this.#cases.set(id, [{ name, text }]);
    else notes.push({ name, text });
  }
}

/** Tulle logs JSON, Envoy text. */
function messageOf(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    return String((JSON.parse(line) as { message?: unknown }).message);
  } catch {
    return line;
  }
}
