/**
 * How a finished request becomes a line of the access log: JSON with fixed fields, or a text
 * template with Envoy's command operators. Either is compiled once into a function; a line costs
 * string joins and no object. Text from the request is escaped, so that a line stays a line.
 *
 * `docs/access-log.md` lists the fields and operators.
 */

import { suggestion } from '../base/did-you-mean.ts';
import { jsonEscape } from './escape.ts';
import type { FormatError } from './format-error.ts';
import type { LineFormat } from './line-format.ts';
import { compileTemplate } from './template.ts';
import { compileTimeFormat, ISO_TIME, type TimeFormat } from './time-format.ts';

/** Envoy's default format. */
const DEFAULT_TEXT_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" ' +
  '%RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% ' +
  '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"';

/** `json`, `text` (Envoy's default), or a template with operators. */
export function compileFormat(format: string): LineFormat | FormatError {
  if (format === 'json') return jsonFormat();
  if (format === 'text') return compileTemplate(DEFAULT_TEXT_FORMAT);
  if (format.includes('%')) return compileTemplate(format);
  const near = suggestion(format, ['json', 'text']);
  return {
    error: `unknown access log format "${format}"${near || '; write json, text, or a template such as "%REQ(:METHOD)% %RESPONSE_CODE%"'}`,
  };
}

/** One JSON object; the order and names of the fields are a contract. */
export function jsonFormat(): LineFormat {
  const time = compileTimeFormat(ISO_TIME) as TimeFormat;
  const places = new LastText('","local":"', '","upstream":"', '","listener":"');
  const names = new LastText('","route":"', '","cluster":"', '","user_agent":"');
  return (info) =>
    `{"time":"${time(info.startWallMs)}","request_id":"${jsonEscape(info.requestId)}` +
    `","method":"${jsonEscape(info.method)}","authority":"${jsonEscape(info.authority)}` +
    `","path":"${jsonEscape(info.originalTarget)}","protocol":"${info.protocol}` +
    `","status":${info.status},"details":"${jsonEscape(info.statusDetails)}` +
    `","flags":"${info.responseFlags}","duration_ms":${milliseconds(info.endMs)}` +
    `,"request_ms":${milliseconds(info.requestEndMs)}` +
    `,"response_ms":${milliseconds(info.responseStartMs)}` +
    `,"received_bytes":${info.requestBodyBytes},"sent_bytes":${info.responseBodyBytes}` +
    `,"attempts":${info.attempts},"remote":"${info.downstreamRemoteAddress}` +
    places.of(info.downstreamLocalAddress, info.upstreamAddress, info.listenerName) +
    names.of(info.routeName, info.clusterName, userAgent(info.requestFields)) +
    '"}';
}

/**
 * Three fields that mostly are what they were a request ago, kept as one flat text: what a line
 * costs is the number of strings it is joined from.
 */
class LastText {
  readonly #labels: readonly [string, string, string];
  #first = '';
  #second = '';
  #third = '';
  #text = '';

  constructor(...labels: [string, string, string]) {
    this.#labels = labels;
    this.#render();
  }

  of(first: string, second: string, third: string): string {
    if (first !== this.#first || second !== this.#second || third !== this.#third) {
      this.#first = first;
      this.#second = second;
      this.#third = third;
      this.#render();
    }
    return this.#text;
  }

  #render(): void {
    const [first, second, third] = this.#labels;
    const text =
      first +
      jsonEscape(this.#first) +
      second +
      jsonEscape(this.#second) +
      third +
      jsonEscape(this.#third);
    this.#text = Buffer.from(text, 'latin1').toString('latin1');
  }
}

function userAgent(fields: readonly string[]): string {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] === 'user-agent') return fields[i + 1] as string;
  }
  return '';
}

const THREE_DIGITS = Array.from({ length: 1000 }, (_, value) => String(value).padStart(3, '0'));

/** Always three digits after the point; `null` where it did not happen. Joins small integers: printing a fraction costs five times as much. */
function milliseconds(ms: number): string {
  if (!(ms >= 0)) return 'null';
  const whole = Math.floor(ms);
  return `${whole}.${THREE_DIGITS[Math.floor((ms - whole) * 1000)]}`;
}
