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
export const DEFAULT_TEXT_FORMAT =
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
  return (info) =>
    `{"time":"${time(info.startWallMs)}","request_id":"${jsonEscape(info.requestId)}` +
    `","method":"${jsonEscape(info.method)}","authority":"${jsonEscape(info.authority)}` +
    `","path":"${jsonEscape(info.originalTarget)}","protocol":"${info.protocol}` +
    `","status":${info.status},"details":"${jsonEscape(info.statusDetails)}` +
    `","flags":"${jsonEscape(info.responseFlags)}","duration_ms":${milliseconds(info.endMs)}` +
    `,"request_ms":${milliseconds(info.requestEndMs)}` +
    `,"response_ms":${milliseconds(info.responseStartMs)}` +
    `,"received_bytes":${info.requestBodyBytes},"sent_bytes":${info.responseBodyBytes}` +
    `,"remote":"${info.downstreamRemoteAddress}","local":"${info.downstreamLocalAddress}` +
    `","upstream":"${jsonEscape(info.upstreamAddress)}` +
    `","listener":"${jsonEscape(info.listenerName)}","route":"${jsonEscape(info.routeName)}` +
    `","cluster":"${jsonEscape(info.clusterName)}","attempts":${info.attempts}` +
    `,"user_agent":"${jsonEscape(userAgent(info.requestFields))}"}`;
}

function userAgent(fields: readonly string[]): string {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] === 'user-agent') return fields[i + 1] as string;
  }
  return '';
}

/** Three digits after the point at most; null where it did not happen. */
function milliseconds(ms: number): number | null {
  return ms < 0 ? null : Math.round(ms * 1000) / 1000;
}
