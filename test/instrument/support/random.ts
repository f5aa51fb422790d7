/** Seeded numbers (mulberry32), so that a failure can be had again. */

export type Random = () => number;

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

const INTERESTING: readonly number[] = [0, 1, -1, 2, 7, 255, 65_536, 0x7fff_ffff, -0x8000_0000];

/** A value of a type as signatures name it; null for references. */
export function valueOf(type: string, random: Random): unknown {
  const pick = random() % 3 === 0 ? random() | 0 : (INTERESTING[random() % 9] as number);
  switch (type) {
    case 'i32':
      return pick;
    case 'i64':
      return BigInt(pick) * (random() % 4 === 0 ? 0x1_0000_0001n : 1n);
    case 'f32':
    case 'f64':
      return random() % 5 === 0 ? Number.NaN : pick / 4;
    default:
      return null;
  }
}
