/**
 * strftime patterns over wall-clock ms, always UTC. A pattern is cut into pieces that change once a
 * second and pieces that show fractions; the former are kept as text until the second changes, so
 * that a line of the access log pays for a fraction alone.
 */

import type { FormatError } from './format-error.ts';

export type TimeFormat = (wallMs: number) => string;

/** Envoy's default for `%START_TIME%`, and ISO 8601. */
export const ISO_TIME = '%Y-%m-%dT%H:%M:%E3SZ';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

type Field = (date: Date) => string;

const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`);
const hour12 = (date: Date): number => date.getUTCHours() % 12 || 12;

/** Everything that stays the same within a second. */
const FIELDS: Readonly<Record<string, Field>> = {
  Y: (date) => String(date.getUTCFullYear()).padStart(4, '0'),
  y: (date) => two(date.getUTCFullYear() % 100),
  m: (date) => two(date.getUTCMonth() + 1),
  d: (date) => two(date.getUTCDate()),
  e: (date) => String(date.getUTCDate()).padStart(2),
  H: (date) => two(date.getUTCHours()),
  I: (date) => two(hour12(date)),
  M: (date) => two(date.getUTCMinutes()),
  S: (date) => two(date.getUTCSeconds()),
  p: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  j: (date) => String(dayOfYear(date)).padStart(3, '0'),
  a: (date) => (DAYS[date.getUTCDay()] as string).slice(0, 3),
  A: (date) => DAYS[date.getUTCDay()] as string,
  b: (date) => (MONTHS[date.getUTCMonth()] as string).slice(0, 3),
  h: (date) => (MONTHS[date.getUTCMonth()] as string).slice(0, 3),
  B: (date) => MONTHS[date.getUTCMonth()] as string,
  u: (date) => String(date.getUTCDay() || 7),
  w: (date) => String(date.getUTCDay()),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  z: () => '+0000',
  Z: () => 'UTC',
  n: () => ' ',
  t: () => ' ',
  '%': () => '%',
};

const SHORTHANDS: Readonly<Record<string, string>> = {
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  D: '%m/%d/%y',
  R: '%H:%M',
};

/** Literal text, a field of the second, or a number of fraction digits. */
type Piece = string | Field | number;

/** Compiles a pattern; an unknown conversion is an error that names those there are. */
export function compileTimeFormat(pattern: string): TimeFormat | FormatError {
  const pieces: Piece[] = [];
  const error = parse(pattern, pieces);
  if (error !== null) return error;
  const groups: (readonly (string | Field)[] | number)[] = [];
  let group: (string | Field)[] = [];
  for (const piece of pieces) {
    if (typeof piece !== 'number') {
      group.push(piece);
      continue;
    }
    groups.push(group, piece);
    group = [];
  }
  groups.push(group);
  return formatter(groups);
}

function formatter(groups: readonly (readonly (string | Field)[] | number)[]): TimeFormat {
  const texts: string[] = groups.map(() => '');
  let cachedSecond = Number.NaN;
  return (wallMs) => {
    const second = Math.floor(wallMs / 1000);
    if (second !== cachedSecond) {
      cachedSecond = second;
      const date = new Date(second * 1000);
      for (let i = 0; i < groups.length; i++) {
        const group = groups[i];
        if (typeof group === 'object') texts[i] = render(group, date);
      }
    }
    let text = '';
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i];
      text += typeof group === 'number' ? fraction(wallMs - second * 1000, group) : texts[i];
    }
    return text;
  };
}

function render(group: readonly (string | Field)[], date: Date): string {
  let text = '';
  for (const piece of group) text += typeof piece === 'string' ? piece : piece(date);
  return text;
}

function fraction(ms: number, digits: number): string {
  if (digits === 3) {
    const whole = Math.floor(ms);
    if (whole >= 100) return String(whole);
    return whole >= 10 ? `0${whole}` : `00${whole}`;
  }
  const nanoseconds = String(Math.floor(ms * 1e6)).padStart(9, '0');
  return nanoseconds.slice(0, digits);
}

function parse(pattern: string, pieces: Piece[]): FormatError | null {
  let at = 0;
  while (at < pattern.length) {
    const percent = pattern.indexOf('%', at);
    if (percent === -1) {
      pieces.push(pattern.slice(at));
      return null;
    }
    if (percent > at) pieces.push(pattern.slice(at, percent));
    const conversion = /^(?:E([1-9])S|([1-9])?f|(.))/s.exec(pattern.slice(percent + 1));
    if (conversion === null) return { error: `the time format "${pattern}" ends in a single %` };
    const error = addConversion(conversion, pieces);
    if (error !== null) return error;
    at = percent + 1 + conversion[0].length;
  }
  return null;
}

function addConversion(conversion: RegExpExecArray, pieces: Piece[]): FormatError | null {
  const [whole, secondDigits, , letter] = conversion;
  if (secondDigits !== undefined) {
    pieces.push(FIELDS['S'] as Field, '.', Number(secondDigits));
    return null;
  }
  if (letter === undefined) {
    pieces.push(Number(conversion[2] ?? 9));
    return null;
  }
  const shorthand = SHORTHANDS[letter];
  if (shorthand !== undefined) return parse(shorthand, pieces);
  const field = FIELDS[letter];
  if (field === undefined) {
    const known = `${Object.keys(FIELDS).join(' %')} %F %T %D %R %f %3f %6f %9f %E3S`;
    return { error: `unknown time conversion "%${whole}"; there are %${known}` };
  }
  pieces.push(field);
  return null;
}

function dayOfYear(date: Date): number {
  const yearStart = Date.UTC(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - yearStart) / 86_400_000) + 1;
}
