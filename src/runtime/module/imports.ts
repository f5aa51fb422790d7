/**
 * Do a module's imports fit what the host offers? Checked before it is instantiated, because V8
 * would link a function of any signature and let the guest fail on its first call.
 */

import { didYouMean } from '../../base/did-you-mean.ts';
import type { ModuleShape } from './shape.ts';

/** Signatures a host offers, by module and name. */
export type HostTable = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** One sentence for each import that cannot be met. */
export function checkImports(shape: ModuleShape, host: HostTable): string[] {
  const problems: string[] = [];
  for (const wanted of shape.imports) {
    const label = `import ${wanted.module}.${wanted.name}`;
    if (wanted.kind !== 'function') {
      problems.push(`${label}: the host offers functions only, this is a ${wanted.kind}`);
      continue;
    }
    const offered = ownValue(host, wanted.module);
    if (offered === undefined) {
      problems.push(`${label}: unknown module${hint(wanted.module, Object.keys(host))}`);
      continue;
    }
    const signature = ownValue(offered, wanted.name);
    if (signature === undefined) {
      problems.push(`${label}: not offered${hint(wanted.name, Object.keys(offered))}`);
    } else if (signature !== wanted.signature) {
      problems.push(`${label}: the module wants ${wanted.signature}, the host has ${signature}`);
    }
  }
  return problems;
}

/** Names come from outside and may be `constructor` or `__proto__`. */
function ownValue<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function hint(word: string, known: readonly string[]): string {
  const near = didYouMean(word, known);
  return near === undefined ? '' : `; did you mean ${near}?`;
}
