/**
 * A request's head from text (RFC 9112 3): the request line in its four forms, Host, and what they
 * and the framing fields say together. Refusals carry the error code the client is answered with.
 */

import type { ErrorCode } from '../../../base/errors.ts';
import type { Fields, RequestHead, Version } from '../head.ts';
import { Framing, UNKNOWN_CODING } from './framing.ts';
import { isAuthority, isTargetCode, isTokenCode, parseFieldLines, type Reason } from './syntax.ts';

export interface RequestHeadLimits {
  readonly targetBytesMax: number;
  readonly headerCountMax: number;
}

const SP = 0x20;

/** A parser; {@link parse} leaves its result in the fields until the next call. */
export class RequestHeadParser {
  head: RequestHead | null = null;
  /** -1: chunked. 0: no body. */
  bodyLength = 0;
  /** The connection may carry another request after this one. */
  keepAlive = false;
  /** The client waits for a 100 before it sends the body. */
  expectContinue = false;
  /** Set with a reason when parse returns false. */
  code: ErrorCode = 'request_malformed';
  reason: Reason = '';
  readonly #limits: RequestHeadLimits;
  readonly #framing = new Framing();
  #method = '';
  #target = '';
  #version: Version = 'HTTP/1.1';

  constructor(limits: RequestHeadLimits) {
    this.#limits = limits;
  }

  /** `text`: the whole head, each line with its CRLF, without the empty line. */
  parse(text: string): boolean {
    this.head = null;
    const next = this.#requestLine(text);
    if (next === -1) return false;
    const fields: Fields = [];
    const reason = parseFieldLines(text, next, text.length, fields, this.#limits.headerCountMax);
    if (reason !== '') {
      const tooMany = reason === 'too_many_fields';
      return this.#refuse(tooMany ? 'request_head_too_large' : 'request_malformed', reason);
    }
    return this.#message(fields);
  }

  #refuse(code: ErrorCode, reason: Reason): false {
    this.code = code;
    this.reason = reason;
    return false;
  }

  /** Offset of the first field line, or -1. */
  #requestLine(text: string): number {
    let i = 0;
    while (isTokenCode(text.charCodeAt(i))) i++;
    if (i === 0 || text.charCodeAt(i) !== SP) return this.#badLine('bad_method');
    this.#method = text.slice(0, i);
    const targetStart = ++i;
    while (isTargetCode(text.charCodeAt(i))) i++;
    if (i === targetStart || text.charCodeAt(i) !== SP) return this.#badLine('bad_target');
    if (i - targetStart > this.#limits.targetBytesMax) {
      this.#refuse('request_line_too_long', 'target_too_long');
      return -1;
    }
    this.#target = text.slice(targetStart, i);
    const lineEnd = text.indexOf('\r\n', i);
    if (lineEnd !== i + 9) return this.#badLine('bad_version');
    if (text.startsWith('HTTP/1.1', i + 1)) this.#version = 'HTTP/1.1';
    else if (text.startsWith('HTTP/1.0', i + 1)) this.#version = 'HTTP/1.0';
    else if (/^HTTP\/[0-9]\.[0-9]$/.test(text.slice(i + 1, lineEnd))) {
      this.#refuse('request_version', 'unsupported_version');
      return -1;
    } else return this.#badLine('bad_version');
    return lineEnd + 2;
  }

  #badLine(reason: Reason): -1 {
    this.#refuse('request_malformed', reason);
    return -1;
  }

  #message(fields: Fields): boolean {
    const framing = this.#framing;
    const http10 = this.#version === 'HTTP/1.0';
    const reason = framing.read(fields, http10);
    if (reason !== '') {
      const code = reason === UNKNOWN_CODING ? 'request_coding' : 'request_framing';
      return this.#refuse(code, reason);
    }
    if (framing.hostCount > 1) return this.#refuse('request_malformed', 'repeated_host');
    if (framing.hostCount === 0 && !http10) return this.#refuse('request_malformed', 'no_host');
    if (framing.hostCount === 1 && !isAuthority(framing.host)) {
      return this.#refuse('request_malformed', 'bad_host');
    }
    if (this.#method === 'CONNECT') return this.#refuse('connect_refused', 'connect');
    if (framing.upgrade !== '' && !isIgnorableUpgrade(framing.upgrade)) {
      return this.#refuse('upgrade_refused', 'upgrade');
    }
    if (framing.expect !== '' && framing.expect !== '100-continue') {
      return this.#refuse('request_expectation', 'expectation');
    }
    return this.#finish(fields, http10);
  }

  #finish(fields: Fields, http10: boolean): boolean {
    const framing = this.#framing;
    let target = this.#target;
    let authority = framing.host;
    if (target.charCodeAt(0) !== 0x2f) {
      if (target === '*' && this.#method === 'OPTIONS') {
        // RFC 9112 3.2.4: the asterisk form stays as it is.
      } else {
        // RFC 9112 3.2.2: the authority of an absolute target wins over Host.
        const match = ABSOLUTE.exec(target);
        if (match === null) return this.#refuse('request_malformed', 'bad_target');
        authority = match[1] as string;
        if (!isAuthority(authority)) return this.#refuse('request_malformed', 'bad_target');
        // RFC 9112 3.2.4: with no path and no query OPTIONS asks about the whole server.
        target = match[2] ?? (this.#method === 'OPTIONS' ? '*' : '/');
        if (target.charCodeAt(0) === 0x3f) target = `/${target}`;
      }
    }
    this.bodyLength = framing.chunked ? -1 : Math.max(0, framing.contentLength);
    this.keepAlive = http10 ? framing.keepAlive && !framing.close : !framing.close;
    this.expectContinue = framing.expect !== '' && !http10 && this.bodyLength !== 0;
    this.head = {
      method: this.#method,
      scheme: 'http',
      authority: authority.toLowerCase(),
      target,
      version: this.#version,
      fields,
    };
    return true;
  }
}

const ABSOLUTE = /^https?:\/\/([^/?]+)([/?].*)?$/i;

const IGNORABLE = /^[ \t]*(?:h2c|tls\/[\d.]+)[ \t]*$/;

/** h2c by Upgrade is optional for a server (RFC 9113 3.1 dropped it): such a request is served as it is. */
function isIgnorableUpgrade(upgrade: string): boolean {
  return upgrade.split(',').every((protocol) => IGNORABLE.test(protocol));
}
