/**
 * Two outcomes made comparable. What is left out or smoothed, and why:
 *
 * - `date`, `server`, `x-request-id`, `x-envoy-*`, `x-forwarded-*`: each proxy's own.
 * - `connection`, `keep-alive`, `transfer-encoding`: of one connection. Envoy shows those of an
 *   answer to filters, Tulle takes them away while it reads.
 * - `content-length` and `transfer-encoding` of what is sent are compared apart from the order of
 *   the other fields: framing is rebuilt, and its place among the fields says nothing.
 * - The end of a body without bytes of its own is part of the body callback before it: Envoy's
 *   HTTP/1.1 codec always reports it apart, Tulle with the last bytes where they came together.
 * - Of a body sent all at once only the sum of its callbacks counts: Envoy makes one of all chunks
 *   it reads together, Tulle one of each.
 */

import type { ReadMessage } from './message.ts';
import type { Note } from './notes.ts';
import type { Outcome } from './run.ts';

const OWN = /^(?:date|server|x-request-id|x-envoy-.*|x-forwarded-.*|connection|keep-alive)$/;
/** Fields that filters of one host see and those of the other do not. */
const HIDDEN =
  /^(?:date|server|x-request-id|x-envoy-.*|x-forwarded-.*|connection|keep-alive|transfer-encoding)$/;
const FRAMING = /^(?:content-length|transfer-encoding)$/;

export interface Comparable {
  readonly client: unknown;
  readonly upstream: unknown;
  readonly callouts: unknown;
  readonly notes: readonly string[];
}

/** `atOnce`: a body of the case came in no certain pieces. */
export function comparable(outcome: Outcome, atOnce: boolean): Comparable {
  return {
    client: outcome.client === null ? null : message(outcome.client),
    upstream: outcome.upstream.map(message),
    callouts: outcome.callouts.map(message),
    notes: notes(outcome.notes, atOnce),
  };
}

function message({ start, fields, body, trailers, cut }: ReadMessage): unknown {
  const framing: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const [name = '', value = ''] = [fields[i], fields[i + 1]];
    if (FRAMING.test(name)) framing.push(`${name}: ${value}`);
    else if (!OWN.test(name)) rest.push(`${name}: ${value}`);
  }
  // How much of a cut message came through is a matter of buffers.
  const content = cut ? { cut } : { body, trailers };
  return { start: startLine(start), framing: framing.sort(), fields: rest, ...content };
}

/** Reason phrases are free text. */
function startLine(start: string): string {
  return start.startsWith('HTTP/') ? start.split(' ').slice(0, 2).join(' ') : start;
}

/** A body callback among the notes. */
interface BodyNote {
  readonly filter: string;
  readonly way: string;
  readonly bytes: number;
  readonly end: boolean;
}

function bodyNote(line: string | undefined): BodyNote | null {
  const match = /^(@\S+) (re[qs])-body (\d+)( end)?$/.exec(line ?? '');
  if (match === null) return null;
  const [, filter = '', way = '', bytes, end] = match;
  return { filter, way, bytes: Number(bytes), end: end !== undefined };
}

function notes(all: readonly Note[], atOnce: boolean): string[] {
  const lines: string[] = [];
  for (const { name, text } of all) {
    const field = / field (:?[^:]+): /.exec(text)?.[1];
    if (field !== undefined && HIDDEN.test(field)) continue;
    const line = `@${name} ${text}`;
    if (!joined(lines, line, atOnce)) lines.push(line);
  }
  return lines;
}

/** Makes a body callback part of the one before it where the two say no more than one would. */
function joined(lines: string[], line: string, atOnce: boolean): boolean {
  const now = bodyNote(line);
  if (now === null) return false;
  const held = lines.at(-1) === `${now.filter} ${now.way}-body pause`;
  const before = bodyNote(lines.at(held ? -2 : -1));
  if (before?.filter !== now.filter || before.way !== now.way || before.end) return false;
  if (held) {
    // What is kept is shown again: the same bytes with the end, or more of what came at once.
    const same = now.end && now.bytes === before.bytes;
    if (same || atOnce) lines.length -= 2;
    return false;
  }
  if (!(atOnce || (now.end && now.bytes === 0))) return false;
  const bytes = before.bytes + now.bytes;
  lines[lines.length - 1] = `${now.filter} ${now.way}-body ${bytes}${now.end ? ' end' : ''}`;
  return true;
}
