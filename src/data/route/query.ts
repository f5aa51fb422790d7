/**
 * Query parameters, read where they stand: a request pays only for the names its routes ask for.
 * Values are decoded to bytes, one char each, as heads hold them.
 */

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const PLUS = 0x2b;

/**
 * The decoded value of the first parameter called `name`, or undefined. A parameter without `=` has
 * the value ''. `start` is where the query begins in `target` (behind the `?`).
 */
export function queryValue(target: string, start: number, name: string): string | undefined {
  let from = start;
  while (from < target.length) {
    let equals = -1;
    let to = from;
    let plain = true;
    for (; to < target.length; to++) {
      const code = target.charCodeAt(to);
      if (code === AMPERSAND) break;
      if (equals >= 0) continue;
      if (code === EQUALS) equals = to;
      else if (code === PERCENT || code === PLUS) plain = false;
    }
    const nameEnd = equals < 0 ? to : equals;
    const found = plain
      ? nameEnd - from === name.length && target.startsWith(name, from)
      : decode(target.slice(from, nameEnd)) === name;
    if (found) return equals < 0 ? '' : decode(target.slice(equals + 1, to));
    from = to + 1;
  }
  return undefined;
}

/** The decoded name of the parameter that begins at `from`. */
export function parameterName(target: string, from: number): string {
  let to = from;
  for (; to < target.length; to++) {
    const code = target.charCodeAt(to);
    if (code === EQUALS || code === AMPERSAND) break;
  }
  return decode(target.slice(from, to));
}

/** Where the parameter behind the one at `from` begins; past the target's end when it was the last. */
export function nextParameter(target: string, from: number): number {
  const ampersand = target.indexOf('&', from);
  return ampersand < 0 ? target.length : ampersand + 1;
}

/** Form decoding: `+` is a blank, an escape that is none stays as it is. */
export function decode(text: string): string {
  let decoded = '';
  let copied = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === PLUS) {
      decoded += `${text.slice(copied, i)} `;
      copied = i + 1;
    } else if (code === PERCENT) {
      const high = hexDigit(text.charCodeAt(i + 1));
      const low = hexDigit(text.charCodeAt(i + 2));
      if (high < 0 || low < 0) continue;
      decoded += text.slice(copied, i) + String.fromCharCode(high * 16 + low);
      i += 2;
      copied = i + 1;
    }
  }
  return copied === 0 ? text : decoded + text.slice(copied);
}

/** NaN, the code past the end, is none either. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x41 && code <= 0x46) return code - 0x37;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  return -1;
}
