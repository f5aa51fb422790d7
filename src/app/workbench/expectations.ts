/** Compares what a run did with what a test expects; every difference is named with its place. */

import type { FieldPath } from '../../control/resource.ts';
import { bytesText } from './guest-values.ts';
import { type Matcher, mismatch } from './matcher.ts';
import type { FilterRun } from './run-filter.ts';
import type { Expectations, ExpectedCall, ExpectedMessage } from './test-file.ts';
import type { CallEvent, ReturnEvent, TraceEvent, TraceValue } from './trace.ts';

export interface Difference {
  /** Below the case. */
  readonly path: FieldPath;
  readonly message: string;
}

export function differences(run: FilterRun, expected: Expectations): Difference[] {
  const found: Difference[] = [];
  const check = (path: FieldPath, wanted: Matcher | undefined, value: string | undefined): void => {
    const message = wanted === undefined ? null : mismatch(wanted, value);
    if (message !== null) found.push({ path: ['expect', ...path], message });
  };
  check(['verdict'], ...verdicts(run, expected));
  checkTrap(run, expected, check);
  checkRequest(run, expected, check);
  checkResponse(run, expected, check);
  checkReply(run, expected, check);
  for (const [name, value] of Object.entries(expected.metrics ?? {})) {
    check(['metrics', name], value, run.metrics.get(name)?.toString());
  }
  return [...found, ...logDifferences(run, expected), ...callDifferences(run, expected)];
}

type Check = (path: FieldPath, wanted: Matcher | undefined, value: string | undefined) => void;

/** Whoever expects a trap, or an answer that is not complete, knows that something fails. */
function verdicts(run: FilterRun, expected: Expectations): [Matcher | undefined, string] {
  const got = run.reason === '' ? run.verdict : `${run.verdict}: ${run.reason}`;
  if (expected.verdict !== undefined) return [{ matches: `^${expected.verdict}(?:: |$)` }, got];
  if (expected.trap !== undefined && expected.trap !== false) return [undefined, got];
  return [{ matches: '^(?:forwarded|answered)$' }, got];
}

function checkTrap({ trap }: FilterRun, { trap: wanted }: Expectations, check: Check): void {
  const text =
    trap === null ? undefined : [`${trap.name}: ${trap.message}`, ...trap.stack].join('\n at ');
  if (wanted === undefined || wanted === false) check(['trap'], null, text);
  else if (wanted === true) check(['trap'], { contains: '' }, text);
  else check(['trap'], wanted, text);
}

function checkRequest({ request }: FilterRun, expected: Expectations, check: Check): void {
  const wanted = expected.request;
  if (wanted === undefined) return;
  if (wanted === 'none') {
    check(['request'], null, request === null ? undefined : `${request.method} ${request.target}`);
    return;
  }
  check(['request', 'method'], wanted.method, request?.method);
  check(['request', 'authority'], wanted.authority, request?.authority);
  check(['request', 'path'], wanted.path, request?.target);
  checkMessage('request', wanted, request, check);
}

function checkResponse({ response }: FilterRun, expected: Expectations, check: Check): void {
  const wanted = expected.response;
  if (wanted === undefined) return;
  if (wanted === 'none') {
    check(['response'], null, response?.status.toString());
    return;
  }
  check(['response', 'status'], wanted.status, response?.status.toString());
  checkMessage('response', wanted, response, check);
}

function checkMessage(
  side: 'request' | 'response',
  wanted: ExpectedMessage,
  message: FilterRun['request'] | FilterRun['response'],
  check: Check,
): void {
  for (const [name, value] of Object.entries(wanted.headers ?? {})) {
    check([side, 'headers', name], value, joinedValue(message?.fields ?? [], name));
  }
  for (const [name, value] of Object.entries(wanted.trailers ?? {})) {
    check([side, 'trailers', name], value, joinedValue(message?.trailers ?? [], name));
  }
  check([side, 'body'], wanted.body, message === null ? undefined : bytesText(message.body));
}

/** As a receiver sees a field that comes several times (RFC 9110 5.3). */
function joinedValue(fields: readonly string[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  const values = fields.filter((_, i) => i % 2 === 1 && fields[i - 1] === wanted);
  return values.length === 0 ? undefined : values.join(', ');
}

function checkReply({ localReply }: FilterRun, expected: Expectations, check: Check): void {
  const wanted = expected.localReply;
  if (wanted === undefined) return;
  if (wanted === 'none') {
    check(['localReply'], null, localReply?.status.toString());
    return;
  }
  check(['localReply', 'status'], wanted.status ?? { contains: '' }, localReply?.status.toString());
  check(['localReply', 'details'], wanted.details, localReply?.details);
}

function logDifferences(run: FilterRun, { log }: Expectations): Difference[] {
  const lines = run.events.filter((event) => event.event === 'log').map(({ message }) => message);
  return inOrder(log ?? [], lines, 'log', (wanted, line) => mismatch(wanted, line) === null);
}

type Crossing = CallEvent | ReturnEvent;

function callDifferences(run: FilterRun, expected: Expectations): Difference[] {
  const crossings = inOrderOfEntry(run.events);
  const { calls = [], exactCalls } = expected;
  const found = inOrder(calls, crossings, 'calls', fits);
  if (exactCalls === undefined) return found;
  const wanted = exactCalls.map(callText);
  const got = crossings.map(crossingText);
  const at = wanted.findIndex((_, i) => {
    const crossing = crossings[i];
    return crossing === undefined || !fits(exactCalls[i] as ExpectedCall, crossing);
  });
  if (at === -1 && wanted.length === got.length) return found;
  const index = at === -1 ? wanted.length : at;
  const rows = got.map((text, i) => `     ${i === index ? '>' : ' '} ${text}`);
  return [
    ...found,
    {
      path: ['expect', 'exactCalls', Math.min(index, wanted.length - 1)],
      message: `expected ${wanted[index] ?? 'no more calls'}\n     got ${got[index] ?? 'no more calls'}; all calls:\n${rows.join('\n')}`,
    },
  ];
}

/** A callback stands where it began, with what it gave back; a trap gave nothing. */
function inOrderOfEntry(events: readonly TraceEvent[]): Crossing[] {
  const crossings: (Crossing | null)[] = [];
  const open: number[] = [];
  for (const event of events) {
    if (event.event === 'callback') open.push(crossings.push(null) - 1);
    else if (event.event === 'call') crossings.push(event);
    else if (event.event === 'return') crossings[open.pop() ?? 0] = event;
    else if (event.event === 'trap') {
      const { name, context, us } = event;
      crossings[open.pop() ?? 0] = {
        event: 'return',
        name,
        context,
        result: null,
        action: 'trap',
        us,
      };
    }
  }
  return crossings.filter((one) => one !== null);
}

function fits(wanted: ExpectedCall, got: Crossing): boolean {
  if (typeof wanted === 'string') return wanted === got.name;
  const result = got.event === 'call' ? got.status : got.action;
  if (wanted.name !== got.name) return false;
  if (wanted.result !== undefined && String(wanted.result) !== String(result)) return false;
  const args = got.event === 'call' ? { ...got.results, ...got.args } : {};
  return Object.entries(wanted.args ?? {}).every(
    ([name, value]) => mismatch(value, valueText(args[name])) === null,
  );
}

function valueText(value: TraceValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object') return String(value);
  return value.map(([name, text]) => `${name}: ${text}`).join(', ');
}

function callText(call: ExpectedCall): string {
  return typeof call === 'string' ? call : JSON.stringify(call);
}

function crossingText(crossing: Crossing): string {
  if (crossing.event === 'return') return `${crossing.name} = ${crossing.action ?? 'done'}`;
  const args = Object.entries(crossing.args).map(
    ([name, value]) => `${name}: ${JSON.stringify(valueText(value))}`,
  );
  return `${crossing.name}(${args.join(', ')}) = ${crossing.status}`;
}

/** The first of `wanted` that is not found behind the ones before it. */
function inOrder<W extends ExpectedCall | Matcher, G extends string | Crossing>(
  wanted: readonly W[],
  got: readonly G[],
  field: string,
  matches: (wanted: W, got: G) => boolean,
): Difference[] {
  let from = 0;
  for (const [index, one] of wanted.entries()) {
    const at = got.findIndex((candidate, i) => i >= from && matches(one, candidate));
    if (at === -1) {
      const rows = got.slice(from).map((row) => {
        return `       ${typeof row === 'string' ? JSON.stringify(row) : crossingText(row)}`;
      });
      const rest = rows.length === 0 ? ' nothing' : `\n${rows.join('\n')}`;
      const behind = from === 0 ? '' : ' behind the ones before it';
      const message = `expected ${JSON.stringify(one)}${behind}\n     got${rest}`;
      return [{ path: ['expect', field, index], message }];
    }
    from = at + 1;
  }
  return [];
}
