/** Tar archives made entry by entry, right or wrong as a test wants them. */

export interface TarEntry {
  readonly name: string;
  readonly bytes?: Uint8Array | string;
  /** Default '0', a file. */
  readonly type?: string;
  /** What the header says instead of the length of the bytes. */
  readonly size?: string;
  readonly prefix?: string;
  readonly linkName?: string;
}

const BLOCK = 512;

export function tar(...entries: readonly TarEntry[]): Uint8Array {
  return Buffer.concat([...entries.flatMap(entryBlocks), Buffer.alloc(2 * BLOCK)]);
}

/** One without the two empty blocks at the end. */
export function openTar(...entries: readonly TarEntry[]): Uint8Array {
  return Buffer.concat(entries.flatMap(entryBlocks));
}

function entryBlocks(entry: TarEntry): Buffer[] {
  const bytes = Buffer.from(entry.bytes ?? '');
  const padding = Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK);
  return [header(entry, bytes.length), bytes, padding];
}

function header(entry: TarEntry, length: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(entry.name, 0, 100, 'utf8');
  block.write('0000644\0', 100, 'latin1');
  if (entry.size?.startsWith('binary ') === true) {
    block.writeBigUInt64BE(BigInt(entry.size.slice('binary '.length)), 128);
    block[124] = 0x80;
  } else {
    block.write(entry.size ?? `${length.toString(8).padStart(11, '0')}\0`, 124, 12, 'latin1');
  }
  block.write(entry.type ?? '0', 156, 1, 'latin1');
  block.write(entry.linkName ?? '', 157, 100, 'utf8');
  block.write('ustar\x0000', 257, 8, 'latin1');
  block.write(entry.prefix ?? '', 345, 155, 'utf8');
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1');
  return block;
}

/** A pax header for the entry after it. */
export function pax(records: Readonly<Record<string, string>>): TarEntry {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    let length = rest + String(rest).length;
    if (String(length).length > String(rest).length) length = rest + String(length).length;
    return `${length} ${key}=${value}\n`;
  });
  return { name: 'PaxHeader', type: 'x', bytes: lines.join('') };
}

/** The smallest module. */
export const EMPTY_MODULE: Uint8Array = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

/** Another one, of any length from 11 bytes: it ends with a custom section. */
export function moduleOf(length: number): Uint8Array {
  const payload = length - EMPTY_MODULE.length - 6;
  const size: number[] = [];
  for (let shift = 0; shift < 5; shift++) {
    size.push(((payload >>> (7 * shift)) & 0x7f) | (shift < 4 ? 0x80 : 0));
  }
  const bytes = new Uint8Array(length);
  bytes.set([...EMPTY_MODULE, 0, ...size]);
  return bytes;
}
