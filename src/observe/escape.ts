/**
 * Text from outside made safe for one line of a log. Field values hold one byte a char (latin1),
 * names from guests may hold any. Both escapes leave only printable ASCII, so that a line is
 * written as one byte a char whatever it contains.
 */

const UNSAFE = /[^ !#-[\]-~]/;

/** The inside of a JSON string. */
export function jsonEscape(value: string): string {
  return UNSAFE.test(value) ? jsonEscapeSlow(value) : value;
}

/** As nginx does: quote, backslash, control and non-ASCII chars become `\xHH`, chars above a byte `\uHHHH`. */
export function textEscape(value: string): string {
  return UNSAFE.test(value) ? textEscapeSlow(value) : value;
}

function jsonEscapeSlow(value: string): string {
  let escaped = '';
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code === 0x22 || code === 0x5c) escaped += `\\${value[i]}`;
    else if (code >= 0x20 && code < 0x7f) escaped += value[i];
    else escaped += `\\u${hex(code, 4)}`;
  }
  return escaped;
}

function textEscapeSlow(value: string): string {
  let escaped = '';
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code >= 0x20 && code < 0x7f && code !== 0x22 && code !== 0x5c) escaped += value[i];
    else escaped += code > 0xff ? `\\u${hex(code, 4)}` : `\\x${hex(code, 2)}`;
  }
  return escaped;
}

function hex(code: number, digits: number): string {
  return code.toString(16).toUpperCase().padStart(digits, '0');
}
