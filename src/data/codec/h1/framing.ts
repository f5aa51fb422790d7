/**
 * What the framing and connection fields of one head say, and which fields stop at this hop
 * (RFC 9110 7.6.1, RFC 9112 6 and 9). One pass over the fields takes the hop's own ones out.
 */

import { type Fields, removeField } from '../head.ts';
import { parseContentLength, type Reason } from './syntax.ts';

/** Framing of one message; reused from head to head. */
export class Framing {
  /** -1: no Content-Length. */
  contentLength = -1;
  chunked = false;
  close = false;
  keepAlive = false;
  /** Lower-cased Upgrade value, '' for none or when Connection does not name it. */
  upgrade = '';
  expect = '';
  host = '';
  hostCount = 0;
  #connectionTokens: string[] = [];
  #upgradeField = '';

  /** Reads and takes out hop-by-hop fields of `fields`. Host goes to {@link host}. */
  read(fields: Fields, http10: boolean): Reason {
    this.contentLength = -1;
    this.chunked = false;
    this.close = false;
    this.keepAlive = false;
    this.upgrade = '';
    this.expect = '';
    this.host = '';
    this.hostCount = 0;
    this.#connectionTokens.length = 0;
    this.#upgradeField = '';
    let kept = 0;
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i] as string;
      const value = fields[i + 1] as string;
      const verdict = this.#field(name, value, http10);
      if (verdict === KEEP) {
        if (kept !== i) {
          fields[kept] = name;
          fields[kept + 1] = value;
        }
        kept += 2;
      } else if (verdict !== DROP) return verdict;
    }
    fields.length = kept;
    if (this.chunked && this.contentLength !== -1) return 'length_and_coding';
    return this.#connectionTokens.length === 0 ? '' : this.#connection(fields);
  }

  #field(name: string, value: string, http10: boolean): Reason {
    switch (name.length) {
      case 2:
        return name === 'te' ? DROP : KEEP;
      case 4:
        if (name !== 'host') return KEEP;
        this.hostCount++;
        this.host = value;
        return DROP;
      case 6:
        if (name !== 'expect') return KEEP;
        this.expect = joined(this.expect, value);
        return DROP;
      case 7:
        if (name !== 'upgrade') return KEEP;
        this.#upgradeField = joined(this.#upgradeField, value);
        return DROP;
      case 10:
        if (name === 'connection') {
          this.#connectionTokens.push(value);
          return DROP;
        }
        return name === 'keep-alive' ? DROP : KEEP;
      case 14:
        return name === 'content-length' ? this.#length(value) : KEEP;
      case 16:
        return name === 'proxy-connection' ? DROP : KEEP;
      case 17:
        return name === 'transfer-encoding' ? this.#coding(value, http10) : KEEP;
      case 18:
        return name === 'proxy-authenticate' ? DROP : KEEP;
      case 19:
        return name === 'proxy-authorization' ? DROP : KEEP;
      default:
        return KEEP;
    }
  }

  #length(value: string): Reason {
    if (this.contentLength !== -1) return 'repeated_length';
    this.contentLength = parseContentLength(value);
    return this.contentLength === -1 ? 'bad_length' : KEEP;
  }

  /** RFC 9112 6.1: chunked alone; in HTTP/1.0 any coding is faulty framing. */
  #coding(value: string, http10: boolean): Reason {
    if (http10) return 'coding_in_http10';
    if (this.chunked) return 'repeated_coding';
    const coding = value.toLowerCase();
    if (coding !== 'chunked') {
      const chunkedLast = CHUNKED_LAST.exec(coding);
      if (chunkedLast === null) return 'bad_coding';
      // RFC 9112 7.1: a sender must not apply chunked more than once.
      return /(?:^|[ \t,])chunked(?:[ \t,]|$)/.test(chunkedLast[1] as string)
        ? 'repeated_coding'
        : UNKNOWN_CODING;
    }
    this.chunked = true;
    return DROP;
  }

  /** RFC 9110 7.6.1: fields a Connection field names go too, but for those that frame the message. */
  #connection(fields: Fields): Reason {
    for (const value of this.#connectionTokens) {
      for (const part of value.split(',')) {
        const token = withoutBlanks(part).toLowerCase();
        if (token === 'close') this.close = true;
        else if (token === 'keep-alive') this.keepAlive = true;
        else if (token === 'upgrade') this.upgrade = this.#upgradeField;
        else if (token !== '' && token !== 'content-length') removeField(fields, token);
      }
    }
    return '';
  }
}

/** A valid list of codings that ends in chunked but has others: 501, not 400. */
export const UNKNOWN_CODING = 'unknown_coding';

const CHUNKED_LAST = /^([a-z0-9-]+(?:[ \t]*,[ \t]*[a-z0-9-]+)*)[ \t]*,[ \t]*chunked$/;

/** RFC 9110 5.3: the lines of one field are one list. */
function joined(before: string, value: string): string {
  return before === '' ? value.toLowerCase() : `${before},${value.toLowerCase()}`;
}

/** RFC 9110 5.6.3: blanks are space and tab only, of all that trim() takes off. */
function withoutBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

const KEEP = '';
const DROP = 'drop';
