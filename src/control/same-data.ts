/**
 * Whether two snapshots say the same. Only for plain data (what a snapshot is), which makes it
 * several times as fast as the general comparison on the way of every reload.
 */

export function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && sameLists(a, b);
  return !Array.isArray(b) && sameRecords(a as Fields, b as Fields);
}

type Fields = Readonly<Record<string, unknown>>;

function sameLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    if (!sameData(a[index], b[index])) return false;
  }
  return true;
}

function sameRecords(a: Fields, b: Fields): boolean {
  let count = 0;
  for (const name in a) {
    if (!Object.hasOwn(b, name) || !sameData(a[name], b[name])) return false;
    count += 1;
  }
  return count === Object.keys(b).length;
}
