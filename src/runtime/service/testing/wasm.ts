/** Modules assembled by hand, section by section, and the built guests. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Unsigned LEB128. */
export function leb(value: number): number[] {
  const out: number[] = [];
  let left = value;
  while (left >= 0x80) {
    out.push((left % 0x80) | 0x80);
    left = Math.floor(left / 0x80);
  }
  out.push(left);
  return out;
}

export const section = (id: number, body: readonly number[]): number[] => [
  id,
  ...leb(body.length),
  ...body,
];

export const list = (...items: (readonly number[])[]): number[] => [
  ...leb(items.length),
  ...items.flat(),
];

const name = (text: string): number[] => [...leb(text.length), ...Buffer.from(text)];

export const wasm = (...sections: (readonly number[])[]): Uint8Array =>
  Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);

const I32 = 0x7f;

export interface CommandSource {
  /** Imported functions of preview 1 with the number of their i32 parameters. */
  readonly imports?: readonly (readonly [name: string, parameters: number])[];
  /** Body of `_start`, without the final `end`. */
  readonly body?: readonly number[];
  readonly memory?: readonly number[];
  readonly exports?: readonly string[];
  /** Parameters of `_start`, to make it wrong. */
  readonly startParameters?: number;
  readonly extra?: readonly (readonly number[])[];
  readonly importModule?: string;
  /** Makes `_start` the start function too. */
  readonly start?: boolean;
}

/** A command that runs `body`. Imported functions come first in the index space. */
export function command(source: CommandSource = {}): Uint8Array {
  const imports = source.imports ?? [];
  const i32s = (length: number): number[] => list(...Array.from({ length }, () => [I32]));
  const types = [
    [0x60, ...i32s(source.startParameters ?? 0), 0],
    ...imports.map(([, parameters]) => [0x60, ...i32s(parameters), 1, I32]),
  ];
  const module = name(source.importModule ?? 'wasi_snapshot_preview1');
  const start = imports.length;
  const exported = source.exports ?? ['_start', 'memory'];
  const code = [0, ...(source.body ?? []), 0x0b];
  return wasm(
    section(1, list(...types)),
    section(2, list(...imports.map(([field], index) => [...module, ...name(field), 0, index + 1]))),
    section(3, list([0])),
    ...(source.extra ?? []),
    section(5, list(source.memory ?? [0, 1])),
    section(
      7,
      list(
        ...exported.map((field) =>
          field === 'memory' ? [...name(field), 2, 0] : [...name(field), 0, start],
        ),
      ),
    ),
    ...(source.start === true ? [section(8, [start])] : []),
    section(10, list([...leb(code.length), ...code])),
  );
}

const GUESTS = join(import.meta.dirname, '../../../../test/guests');

/** A committed guest's bytes. */
export const guestBytes = (guest: string): Buffer => readFileSync(join(GUESTS, `${guest}.wasm`));

export const guestPath = (guest: string): string => join(GUESTS, `${guest}.wasm`);

/** A guest's sources. */
export const guestDir = (guest: string): string => join(GUESTS, guest);
