/** A guest without a module: host calls made by hand on a memory of one page. */

import { ManualClock } from '../../../base/clock.ts';
import type { Descriptor } from '../descriptor.ts';
import { DirectoryDescriptor } from '../directory.ts';
import { WasiGuest } from '../guest.ts';
import { HostDir } from '../host-dir.ts';
import { bindWasi } from '../imports.ts';
import { BytesInput, InputDescriptor, OutputDescriptor } from '../stdio.ts';
import { byteString } from '../strings.ts';

export type Argument = number | bigint;
type Call = (...args: Argument[]) => number;

/** Where {@link Rig.path} puts its bytes. */
const SCRATCH = 0x8000;

export interface RigOptions {
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly stdin?: string;
  readonly dirs?: readonly { guest: string; host: string; readonly?: boolean }[];
  readonly wallMs?: number;
}

export class Rig {
  readonly clock: ManualClock = new ManualClock(1000);
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 1 });
  readonly guest: WasiGuest;
  readonly calls: Readonly<Record<string, Call>>;
  readonly unstable: Readonly<Record<string, Call>>;
  /** What the guest slept, ms. */
  readonly slept: number[] = [];
  /** What was written to standard output. */
  stdout = '';
  #scratch = SCRATCH;

  constructor(options: RigOptions = {}) {
    const descriptors: Descriptor[] = [
      new InputDescriptor(new BytesInput(Buffer.from(options.stdin ?? ''))),
      new OutputDescriptor({
        write: (from, at, length) => {
          this.stdout += from.toString('latin1', at, at + length);
          return length;
        },
      }),
      new OutputDescriptor({ write: (_from, _at, length) => length }),
    ];
    for (const { guest, host, readonly } of options.dirs ?? []) {
      descriptors.push(
        new DirectoryDescriptor(HostDir.open(host), byteString(guest), readonly ?? false),
      );
    }
    this.guest = new WasiGuest({
      host: {
        clock: this.clock,
        sleep: (durationMs) => {
          this.slept.push(durationMs);
          this.clock.advance(durationMs);
        },
        random: (bytes) => bytes.fill(0xa5),
      },
      args: (options.args ?? []).map(byteString),
      env: (options.env ?? []).map(byteString),
      descriptors,
      deadlineMs: this.clock.now() + (options.wallMs ?? 1000),
    });
    this.guest.memory.attach(this.memory);
    const imports = bindWasi({ guest: this.guest });
    this.calls = imports.wasi_snapshot_preview1 as Record<string, Call>;
    this.unstable = imports.wasi_unstable as Record<string, Call>;
  }

  get view(): DataView {
    return new DataView(this.memory.buffer);
  }

  call(name: string, ...args: Argument[]): number {
    const found = this.calls[name];
    if (found === undefined) throw new Error(`no host call ${name}`);
    return found(...args);
  }

  /** Puts bytes at an address. */
  put(at: number, text: string): void {
    Buffer.from(this.memory.buffer).write(text, at, 'utf8');
  }

  text(at: number, length: number): string {
    return Buffer.from(this.memory.buffer).toString('utf8', at, at + length);
  }

  u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  u64(at: number): bigint {
    return this.view.getBigUint64(at, true);
  }

  /** The two arguments of a path. */
  path(text: string): [pointer: number, length: number] {
    const at = this.#scratch;
    const length = Buffer.byteLength(text);
    this.put(at, text);
    this.#scratch = at + length + 1 > 0xf000 ? SCRATCH : at + length + 1;
    return [at, length];
  }

  /** An array of buffers at `at`. */
  iovecs(at: number, ...buffers: (readonly [pointer: number, length: number])[]): void {
    buffers.forEach(([pointer, length], index) => {
      this.view.setUint32(at + index * 8, pointer, true);
      this.view.setUint32(at + index * 8 + 4, length, true);
    });
  }

  /** `path_open` with read and write rights; the descriptor, or the negated errno. */
  open(dirFd: number, path: string, how: OpenHow = {}): number {
    const [pointer, length] = this.path(path);
    const follow = how.follow === false ? 0 : 1;
    const rights = how.rights ?? READ_WRITE;
    const { oflags = 0, fdflags = 0 } = how;
    const where = [dirFd, follow, pointer, length] as const;
    const errno = this.call('path_open', ...where, oflags, rights, rights, fdflags, 16);
    return errno === 0 ? this.u32(16) : -errno;
  }

  /** What a descriptor still has to read. */
  readAll(fd: number): string {
    this.iovecs(64, [0x1000, 0x1000]);
    let all = '';
    for (;;) {
      const errno = this.call('fd_read', fd, 64, 1, 80);
      if (errno !== 0) throw new Error(`fd_read: errno ${errno}`);
      const count = this.u32(80);
      if (count === 0) return all;
      all += this.text(0x1000, count);
    }
  }

  write(fd: number, text: string): number {
    this.put(0x1000, text);
    this.iovecs(64, [0x1000, Buffer.byteLength(text)]);
    return this.call('fd_write', fd, 64, 1, 80);
  }
}

export interface OpenHow {
  readonly follow?: boolean;
  readonly oflags?: number;
  readonly rights?: bigint;
  readonly fdflags?: number;
}

export const READ = 0x2n;
const READ_WRITE = 0x42n;
