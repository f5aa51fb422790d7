/** A throw-away directory tree: `outside/secret` must never be reached from `inside`. */

import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Tree {
  readonly inside: string;
  readonly outside: string;
  remove(): void;
}

export function makeTree(): Tree {
  const root = fs.mkdtempSync(join(tmpdir(), 'tulle-wasi-'));
  const inside = join(root, 'inside');
  const outside = join(root, 'outside');
  fs.mkdirSync(join(inside, 'dir', 'nested'), { recursive: true });
  fs.mkdirSync(outside);
  fs.writeFileSync(join(outside, 'secret'), 'secret');
  fs.writeFileSync(join(inside, 'file'), 'contents');
  fs.writeFileSync(join(inside, 'dir', 'nested', 'deep'), 'deep');
  return {
    inside,
    outside,
    remove: () => fs.rmSync(root, { recursive: true, force: true }),
  };
}
