/**
 * Looks for a module in a tar archive (POSIX ustar and pax, GNU long names) that is pushed through
 * in chunks of any size. Only the bytes of the best candidate are kept; names are compared and shown,
 * never used as paths of this machine, so links, devices and `..` have nothing to act on.
 *
 * An image layer hides files of the layers below it by entries `.wh.NAME` and `.wh..wh..opq` (OCI
 * image specification, "whiteouts"); they are noted for the search to go on with.
 */

import { NotAnArchiveError, printable, UnusableError } from './fetch-error.ts';

export interface TarBounds {
  readonly moduleBytesMax: number;
  readonly entriesMax: number;
}

const BLOCK_BYTES = 512;
/** Of a pax header or a long name. */
const EXTENSION_BYTES_MAX = 65_536;
const AMBIGUOUS_SHOWN_MAX = 5;
const HIDDEN_MAX = 1_000;

/** A candidate of a higher rank takes the place of one of a lower. */
const RANK_ANY = 1;
const RANK_PLUGIN = 2;
const RANK_PLUGIN_AT_ROOT = 3;

type Use = 'skip' | 'module' | 'pax' | 'name';

export class TarScanner {
  readonly #bounds: TarBounds;
  readonly #block = new Uint8Array(BLOCK_BYTES);
  #filled = 0;
  #entries = 0;
  #ended = false;
  /** Of the entry being read: what its bytes are for, how many are left, and padding after them. */
  #use: Use = 'skip';
  #leftBytes = 0;
  #paddingBytes = 0;
  #sink: Uint8Array = new Uint8Array(0);
  #path = '';
  /** From extension entries, for the entry after them. */
  #nextPath = '';
  #nextSize = -1;
  #rank = 0;
  #paths: string[] = [];
  #found: Uint8Array | null = null;
  readonly #hidden: string[] = [];

  constructor(bounds: TarBounds) {
    this.#bounds = bounds;
  }

  /** Throws {@link UnusableError} where the bytes are no archive. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#ended) {
      if (this.#leftBytes > 0) at += this.#takeBody(chunk, at);
      else if (this.#paddingBytes > 0) {
        const skipped = Math.min(this.#paddingBytes, chunk.length - at);
        this.#paddingBytes -= skipped;
        at += skipped;
      } else at += this.#takeHeader(chunk, at);
    }
  }

  /** Throws if the archive stops within an entry, or holds several modules and no plugin.wasm. */
  end(): void {
    if (!this.#ended && (this.#leftBytes > 0 || this.#filled > 0 || this.#entries === 0)) {
      throw new UnusableError('the archive is cut short');
    }
    if (this.#paths.length < 2) return;
    const shown = this.#paths.slice(0, AMBIGUOUS_SHOWN_MAX).map(printable).join(', ');
    throw new UnusableError(
      `the archive holds several modules (${shown}); name the one to run plugin.wasm`,
    );
  }

  /** Path of the module; '' when there is none. */
  get path(): string {
    return this.#paths[0] ?? '';
  }

  get module(): Uint8Array | null {
    return this.#found;
  }

  /** Paths, and directories with a `/` behind, that lower layers no longer show. */
  get hidden(): readonly string[] {
    return this.#hidden;
  }

  #takeHeader(chunk: Uint8Array, at: number): number {
    const taken = Math.min(BLOCK_BYTES - this.#filled, chunk.length - at);
    this.#block.set(chunk.subarray(at, at + taken), this.#filled);
    this.#filled += taken;
    if (this.#filled === BLOCK_BYTES) {
      this.#filled = 0;
      this.#readHeader();
    }
    return taken;
  }

  #takeBody(chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.#leftBytes, chunk.length - at);
    if (this.#use !== 'skip') {
      this.#sink.set(chunk.subarray(at, at + taken), this.#sink.length - this.#leftBytes);
    }
    this.#leftBytes -= taken;
    if (this.#leftBytes === 0) this.#endEntry();
    return taken;
  }

  #readHeader(): void {
    const block = this.#block;
    if (block.every((byte) => byte === 0)) {
      this.#ended = true;
      return;
    }
    if (!hasCheckSum(block)) {
      if (this.#entries === 0) throw new NotAnArchiveError('the bytes are no tar archive');
      throw new UnusableError('the archive is damaged');
    }
    if (++this.#entries > this.#bounds.entriesMax) {
      throw new UnusableError(`the archive has more than ${this.#bounds.entriesMax} entries`);
    }
    const type = String.fromCharCode(block[156] ?? 0);
    const isExtension = type === 'x' || type === 'L' || type === 'g' || type === 'K';
    const size = this.#nextSize >= 0 && !isExtension ? this.#nextSize : sizeOf(block);
    this.#leftBytes = size;
    this.#paddingBytes = (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
    if (isExtension) this.#beginExtension(type, size);
    else this.#beginFile(type, size);
    if (size === 0) this.#endEntry();
  }

  #beginExtension(type: string, size: number): void {
    if (size > EXTENSION_BYTES_MAX) throw new UnusableError('the archive has a name too long');
    this.#use = type === 'x' ? 'pax' : 'skip';
    if (type === 'L') this.#use = 'name';
    if (this.#use !== 'skip') this.#sink = new Uint8Array(size);
  }

  #beginFile(type: string, size: number): void {
    this.#path = cleanPath(this.#nextPath || headerPath(this.#block));
    this.#nextPath = '';
    this.#nextSize = -1;
    this.#use = 'skip';
    this.#noteWhiteout(this.#path);
    const isFile = type === '0' || type === '\0' || type === '7';
    if (!isFile || !this.#isCandidate(this.#path)) return;
    if (size > this.#bounds.moduleBytesMax) {
      const bound = this.#bounds.moduleBytesMax;
      throw new UnusableError(
        `${printable(this.#path)} has ${size} bytes, at most ${bound} are taken`,
      );
    }
    this.#use = 'module';
    this.#sink = new Uint8Array(size);
  }

  /** Whether its bytes are worth keeping; a second one of the same rank is only noted. */
  #isCandidate(path: string): boolean {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (!name.endsWith('.wasm') || name.startsWith('.wh.')) return false;
    const rank = rankOf(path, name);
    if (rank < this.#rank) return false;
    // A later entry of the same path is what unpacking would leave.
    if (rank > this.#rank || path === this.#paths[0]) {
      this.#paths = [path];
      this.#rank = rank;
      return true;
    }
    if (!this.#paths.includes(path) && this.#paths.length <= AMBIGUOUS_SHOWN_MAX) {
      this.#paths.push(path);
    }
    return false;
  }

  #noteWhiteout(path: string): void {
    const slash = path.lastIndexOf('/') + 1;
    if (!path.startsWith('.wh.', slash) || this.#hidden.length >= HIDDEN_MAX) return;
    const directory = path.slice(0, slash);
    const name = path.slice(slash + '.wh.'.length);
    if (name === '.wh..opq') this.#hidden.push(directory === '' ? '/' : directory);
    else this.#hidden.push(directory + name, `${directory}${name}/`);
  }

  #endEntry(): void {
    const bytes = this.#sink;
    if (this.#use === 'module') this.#found = bytes;
    else if (this.#use === 'name') this.#nextPath = textOf(bytes);
    else if (this.#use === 'pax') this.#readPax(bytes);
    this.#use = 'skip';
  }

  /** Records `LENGTH KEY=VALUE\n`; the length counts all of it, in bytes. */
  #readPax(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const space = bytes.indexOf(0x20, at);
      const length = space === -1 ? 0 : Number(textOf(bytes.subarray(at, space)));
      const isWhole = Number.isInteger(length) && length > space - at + 1;
      if (!isWhole || at + length > bytes.length) {
        throw new UnusableError('the archive has a broken pax header');
      }
      const record = textOf(bytes.subarray(space + 1, at + length - 1));
      const equals = record.indexOf('=');
      const value = record.slice(equals + 1);
      const key = record.slice(0, equals);
      if (key === 'path') this.#nextPath = value;
      if (key === 'size') this.#nextSize = wholeNumber(value);
      at += length;
    }
  }
}

/** Whether a path of a lower layer is hidden by what {@link TarScanner.hidden} noted. */
export function isHidden(path: string, hidden: readonly string[]): boolean {
  return hidden.some(
    (one) => one === '/' || path === one || (one.endsWith('/') && path.startsWith(one)),
  );
}

function rankOf(path: string, name: string): number {
  if (name !== 'plugin.wasm') return RANK_ANY;
  return path === name ? RANK_PLUGIN_AT_ROOT : RANK_PLUGIN;
}

/** The sum of a header's bytes with its own field as spaces; some tools added signed bytes. */
function hasCheckSum(block: Uint8Array): boolean {
  let unsigned = 0;
  let signed = 0;
  for (let index = 0; index < BLOCK_BYTES; index++) {
    const byte = index >= 148 && index < 156 ? 0x20 : (block[index] ?? 0);
    unsigned += byte;
    signed += byte < 0x80 ? byte : byte - 0x100;
  }
  const noted = octal(block.subarray(148, 156));
  return noted === unsigned || noted === signed;
}

function sizeOf(block: Uint8Array): number {
  const field = block.subarray(124, 136);
  // GNU: a set high bit means big-endian binary.
  const first = field[0] ?? 0;
  const size =
    first < 0x80
      ? octal(field)
      : field.subarray(1).reduce((sum, byte) => sum * 256 + byte, first & 0x7f);
  if (!Number.isSafeInteger(size)) throw new UnusableError('an entry of the archive has no size');
  return size;
}

/** NaN for what is no number. */
function octal(field: Uint8Array): number {
  const digits = textOf(field).trim();
  if (digits === '') return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function wholeNumber(text: string): number {
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : -1;
  if (value < 0) throw new UnusableError('the archive has a broken pax header');
  return value;
}

function headerPath(block: Uint8Array): string {
  const name = textOf(block.subarray(0, 100));
  const isUstar = textOf(block.subarray(257, 263)) === 'ustar';
  const prefix = isUstar ? textOf(block.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** `./a//b` is `a/b`. */
function cleanPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return parts.join('/');
}

const decoder = new TextDecoder();

/** Up to the first NUL. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end));
}
