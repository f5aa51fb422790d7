/**
 * Character classes and field lines of HTTP/1.1, shared by both directions. Text is latin1: one
 * char is one byte. Everything here is strict: what RFC 9112 lets a recipient forgive (bare LF,
 * obs-fold, blanks before the colon) is what smuggling is made of, so nothing is forgiven.
 */

import type { Fields } from '../head.ts';

const TOKEN = 1;
const FIELD_VALUE = 2;
const TARGET = 4;
const HOST = 8;
const UPPER = 16;
const HEX = 32;

const CLASS: Uint8Array = new Uint8Array(256);
for (let code = 0; code < 256; code++) {
  const char = String.fromCharCode(code);
  let bits = 0;
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(char)) bits |= TOKEN; // RFC 9110 5.6.2
  if (code === 9 || (code >= 0x20 && code <= 0x7e) || code >= 0x80) bits |= FIELD_VALUE; // RFC 9110 5.5
  if (code > 0x20 && code < 0x7f && char !== '#') bits |= TARGET;
  if (/[A-Za-z0-9\-._~%!$&'()*+;=:[\]]/.test(char)) bits |= HOST; // RFC 3986 3.2.2, without comma
  if (/[A-Z]/.test(char)) bits |= UPPER;
  if (/[0-9A-Fa-f]/.test(char)) bits |= HEX;
  CLASS[code] = bits;
}

const COLON = 0x3a;
const CR = 0x0d;
const SP = 0x20;
const HTAB = 0x09;

/** Why a head is refused; '' where it is not. Short words that the log shows. */
export type Reason = string;

export function isTokenCode(code: number): boolean {
  return ((CLASS[code] as number) & TOKEN) !== 0;
}

export function isHexCode(code: number): boolean {
  return ((CLASS[code] as number) & HEX) !== 0;
}

export function isFieldValueCode(code: number): boolean {
  return ((CLASS[code] as number) & FIELD_VALUE) !== 0;
}

export function isTargetCode(code: number): boolean {
  return ((CLASS[code] as number) & TARGET) !== 0;
}

/** Whether `text` is a valid field name (RFC 9110 5.1). */
export function isFieldName(text: string): boolean {
  if (text === '') return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || ((CLASS[code] as number) & TOKEN) === 0) return false;
  }
  return true;
}

/** Whether `text` may stand in a field line as it is: no control characters, no chars above a byte. */
export function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || ((CLASS[code] as number) & FIELD_VALUE) === 0) return false;
  }
  return true;
}

const PORT = /^(?:[^:[\]]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?$/;

/** Whether `text` is `host` or `host:port`, neither empty nor with user information. */
export function isAuthority(text: string): boolean {
  if (text === '') return false;
  let plain = true;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (((CLASS[code] as number) & HOST) === 0) return false;
    if (code === COLON || code === 0x5b || code === 0x5d) plain = false;
  }
  if (plain) return true;
  const match = PORT.exec(text);
  return match !== null && Number(match[1] ?? 0) <= 65_535;
}

/**
 * Parses field lines `text[from, to)`, each ended by CRLF, into `out`. The section's closing empty
 * line is not part of the range. Returns a reason to refuse, or ''.
 */
export function parseFieldLines(
  text: string,
  from: number,
  to: number,
  out: Fields,
  countMax: number,
): Reason {
  let i = from;
  let count = 0;
  while (i < to) {
    if (++count > countMax) return 'too_many_fields';
    const nameStart = i;
    let upper = 0;
    let bits = CLASS[text.charCodeAt(i)] as number;
    while ((bits & TOKEN) !== 0) {
      upper |= bits;
      bits = CLASS[text.charCodeAt(++i)] as number;
    }
    if (i === nameStart) return firstCharReason(text.charCodeAt(i));
    if (text.charCodeAt(i) !== COLON) return nameReason(text.charCodeAt(i));
    let name = text.slice(nameStart, i);
    if ((upper & UPPER) !== 0) name = name.toLowerCase();
    let code = text.charCodeAt(++i);
    while (code === SP || code === HTAB) code = text.charCodeAt(++i);
    const valueStart = i;
    while (((CLASS[code] as number) & FIELD_VALUE) !== 0) code = text.charCodeAt(++i);
    if (code !== CR || text.charCodeAt(i + 1) !== 0x0a) return valueReason(code);
    let valueEnd = i;
    while (valueEnd > valueStart) {
      code = text.charCodeAt(valueEnd - 1);
      if (code !== SP && code !== HTAB) break;
      valueEnd--;
    }
    out.push(name, text.slice(valueStart, valueEnd));
    i += 2;
  }
  return '';
}

function firstCharReason(code: number): Reason {
  if (code === SP || code === HTAB) return 'obs_fold';
  return code === COLON ? 'empty_field_name' : 'bad_field_name';
}

function nameReason(code: number): Reason {
  return code === SP || code === HTAB ? 'blank_before_colon' : 'bad_field_name';
}

function valueReason(code: number): Reason {
  if (code === CR) return 'bare_cr';
  if (code === 0x0a) return 'bare_lf';
  return code === 0 ? 'nul_in_field' : 'control_in_field';
}

/**
 * Content-Length: digits only, one value, at most 2^53 - 1 (RFC 9110 8.6; lists of equal values
 * are refused too). -1 where it is anything else.
 */
export function parseContentLength(text: string): number {
  if (text.length === 0 || text.length > 16) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}
