/**
 * Message heads, the same for every protocol. Fields are one flat array, name, value, name,
 * value...: names lower case, values with outer blanks cut, each char one byte (latin1), order and
 * repetition as received. Connection-level fields never get here: the codec takes them off.
 */

/** name, value, name, value... */
export type Fields = string[];

export type Version = 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2';

export interface RequestHead {
  method: string;
  scheme: 'http' | 'https';
  /** Host and optional port, lower-cased host; '' only for HTTP/1.0 without Host. */
  authority: string;
  /** Path and query, origin form, as received (not normalised): `/a/b?c=d`, or `*` for OPTIONS. */
  target: string;
  version: Version;
  fields: Fields;
}

export interface ResponseHead {
  status: number;
  version: Version;
  fields: Fields;
}

/** The first value of a field, or undefined. `name` must be lower case. */
export function fieldValue(fields: Fields, name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] === name) return fields[i + 1];
  }
  return undefined;
}

/** All values of a field joined by ", " (RFC 9110 5.3), or undefined. */
export function joinedFieldValue(fields: Fields, name: string): string | undefined {
  let joined: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== name) continue;
    joined = joined === undefined ? fields[i + 1] : `${joined}, ${fields[i + 1]}`;
  }
  return joined;
}

/** Removes every line of a field; true if there was one. */
export function removeField(fields: Fields, name: string): boolean {
  let kept = 0;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] === name) continue;
    if (kept !== i) {
      fields[kept] = fields[i] as string;
      fields[kept + 1] = fields[i + 1] as string;
    }
    kept += 2;
  }
  const removed = kept !== fields.length;
  fields.length = kept;
  return removed;
}

/** Replaces every line of a field by one, at the place of the first. */
export function setField(fields: Fields, name: string, value: string): void {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== name) continue;
    fields[i + 1] = value;
    let kept = i + 2;
    for (let j = kept; j < fields.length; j += 2) {
      if (fields[j] === name) continue;
      fields[kept] = fields[j] as string;
      fields[kept + 1] = fields[j + 1] as string;
      kept += 2;
    }
    fields.length = kept;
    return;
  }
  fields.push(name, value);
}

/** Appends a line. */
export function addField(fields: Fields, name: string, value: string): void {
  fields.push(name, value);
}
