/** A run on the workbench as people read it: indented calls, then what came out and what it cost. */

import { bytesText, pairsOf } from '../app/workbench/guest-values.ts';
import type { FilterRun } from '../app/workbench/run-filter.ts';
import {
  fieldsText,
  type SentRequest,
  type SentResponse,
} from '../app/workbench/scripted-exchange.ts';
import type { TraceEvent, TraceValue, TraceValues } from '../app/workbench/trace.ts';
import { visible } from '../control/schema/schema.ts';

const TEXT_SHOWN_MAX = 200;

/** Colours, or nothing of the kind. */
export interface Paint {
  dim(text: string): string;
  bold(text: string): string;
  good(text: string): string;
  bad(text: string): string;
}

export function paintOf(color: boolean): Paint {
  const wrap = (code: number) => (text: string) =>
    color && text !== '' ? `\u001B[${code}m${text}\u001B[0m` : text;
  return { dim: wrap(2), bold: wrap(1), good: wrap(32), bad: wrap(31) };
}

/** One line, or several, for each event. */
export function eventText(event: TraceEvent, paint: Paint): string {
  switch (event.event) {
    case 'callback': {
      const context = event.context === 0 ? '' : `  context ${event.context}`;
      return `${paint.bold(event.name)}(${valuesText(event.args)})${paint.dim(context)}\n`;
    }
    case 'call': {
      // Its line in the log says it all.
      if (event.name === 'proxy_log' && event.status === 'OK') return '';
      const ok = event.status === 'OK' || event.status === 0;
      const status = ok ? paint.good(String(event.status)) : paint.bad(String(event.status));
      const results = valuesText(event.results);
      const shown = results === '' ? '' : ` ${results}`;
      return `    ${event.name}(${valuesText(event.args)}) = ${status}${shown}${paint.dim(time(event.us))}\n`;
    }
    case 'return':
      return `  = ${event.action ?? event.result ?? 'done'}${paint.dim(time(event.us))}\n`;
    case 'trap': {
      const frames = event.stack.map((frame) => `      at ${frame}\n`).join('');
      return `  ${paint.bad(`trap: ${line(event.message)}`)}${paint.dim(time(event.us))}\n${frames}`;
    }
    case 'log':
      return `    ${paint.dim(`[${event.level}]`)} ${line(event.message)}\n`;
    case 'stream':
      return paint.dim(`-- ${event.what}: ${line(event.detail)}\n`);
  }
}

export function resultText(run: FilterRun, paint: Paint): string {
  const good = run.verdict === 'forwarded' || run.verdict === 'answered';
  const verdict = good ? paint.good(run.verdict) : paint.bad(run.verdict);
  const reason = run.reason === '' ? '' : `: ${run.reason}`;
  const reply = run.localReply;
  return [
    '\n',
    requestText(run.request, paint),
    responseText(run.response, run.cut, paint),
    reply === null ? '' : `${paint.bold('local reply')}  ${reply.status} ${line(reply.details)}\n`,
    ...[...run.metrics].map(([name, value]) => `${paint.bold('metric')}  ${name} = ${value}\n`),
    costText(run, paint),
    `${paint.bold('verdict')}  ${verdict}${reason}\n`,
  ].join('');
}

function requestText(request: SentRequest | null, paint: Paint): string {
  const title = paint.bold('request, as the backend gets it');
  if (request === null) return `${title}: nothing\n`;
  const start = `${request.method} ${request.target}  (${request.authority})`;
  return `${title}${request.complete ? '' : ' (not complete)'}\n${messageText(start, request)}`;
}

function responseText(response: SentResponse | null, cut: boolean, paint: Paint): string {
  const title = paint.bold('response, as the client gets it');
  if (response === null) return `${title}: ${cut ? 'its connection is cut' : 'nothing'}\n`;
  const rest = cut ? ' (its connection is cut)' : response.complete ? '' : ' (not complete)';
  return `${title}${rest}\n${messageText(String(response.status), response)}`;
}

function messageText(start: string, message: SentRequest | SentResponse): string {
  const { fields, body, trailers } = message;
  const lines = [start, ...pairsOf(fields).map(([name, value]) => `${name}: ${value}`)];
  if (body.length > 0) lines.push('', ...bounded(bytesText(body)).split('\n'));
  if (trailers !== null) lines.push('', `trailers: ${fieldsText(trailers)}`);
  while (lines.at(-1) === '') lines.pop();
  return lines
    .map((text) => `    ${visible(text)}`.trimEnd())
    .join('\n')
    .concat('\n');
}

function costText({ costs, warmUs }: FilterRun, paint: Paint): string {
  if (costs.length === 0) return '';
  const total = costs.reduce((sum, { us }) => sum + us, 0);
  const parts = costs.map(({ name, count, us }) => {
    const times = count === 1 ? '' : ` (${count} times)`;
    return `    ${name}${times}${time(us)}\n`;
  });
  const warm =
    warmUs === null ? '' : `${paint.bold('cost, warm and not traced')}${time(warmUs)} a request\n`;
  return `${paint.bold('cost of this first request')}${time(total)}\n${parts.join('')}${warm}`;
}

function valuesText(values: TraceValues): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}: ${valueText(value)}`)
    .join(', ');
}

function valueText(value: TraceValue): string {
  if (typeof value === 'string') {
    return /^[A-Z][A-Z_]*$/.test(value) ? value : `"${line(value)}"`;
  }
  if (typeof value !== 'object') return String(value);
  return `[${value.map(([name, text]) => `${line(name)}: ${line(text)}`).join(', ')}]`;
}

function bounded(text: string): string {
  if (text.length <= TEXT_SHOWN_MAX * 10) return text;
  return `${text.slice(0, TEXT_SHOWN_MAX * 10)}... (${text.length} characters)`;
}

function line(text: string): string {
  const shown = text.length <= TEXT_SHOWN_MAX ? text : `${text.slice(0, TEXT_SHOWN_MAX)}...`;
  return visible(shown);
}

function time(us: number): string {
  return us >= 1_000 ? `  ${(us / 1_000).toFixed(1)} ms` : `  ${us.toFixed(1)} us`;
}

/** The last line of a trace in JSON. */
export function resultJson(run: FilterRun): object {
  const { verdict, reason, cut: isCut, localReply, trap, costs } = run;
  return {
    event: 'result',
    verdict,
    reason,
    request: run.request === null ? null : messageJson(run.request),
    response: run.response === null ? null : messageJson(run.response),
    localReply,
    cut: isCut,
    trap: trap === null ? null : { name: trap.name, message: trap.message, stack: trap.stack },
    metrics: Object.fromEntries(run.metrics),
    costs,
    totalUs: costs.reduce((sum, { us }) => sum + us, 0),
    warmUs: run.warmUs,
  };
}

function messageJson(message: SentRequest | SentResponse): object {
  const { fields, body, trailers, ...rest } = message;
  return {
    ...rest,
    headers: pairsOf(fields),
    body: bytesText(body),
    trailers: trailers === null ? null : pairsOf(trailers),
  };
}
