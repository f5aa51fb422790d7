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

/** Of an answer a host makes by itself: what it says beyond its status is the host's own. */
const OWN_ANSWER = / res-(?:body \d+|head field (?:content-type|content-length|x-tulle-error):)/;

export interface Comparable {
  readonly client: unknown;
  readonly upstream: unknown;
  readonly callouts: unknown;
  /** All but body callbacks, over all filters. */
  readonly order: readonly string[];
  readonly notes: readonly string[];
}

/** How the outcomes of a case are to be read. */
export interface Reading {
  /** A body of the case came in no certain pieces. */
  readonly atOnce: boolean;
  /** The answer is the host's own. */
  readonly ownAnswer: boolean;
}

export function comparable(outcome: Outcome, { atOnce, ownAnswer }: Reading): Comparable {
  const { client } = outcome;
  const names = [...new Set(outcome.notes.map(({ name }) => name))].sort();
  const ofFilter = (name: string): Note[] => outcome.notes.filter((note) => note.name === name);
  const lines = (all: readonly Note[]): string[] => {
    const list = notes(all, atOnce);
    if (!ownAnswer) return list;
    return list
      .filter((line) => !OWN_ANSWER.test(line))
      .map((line) => line.replace(/ res-head end$/, ' res-head'));
  };
  return {
    client: answerOf(client, ownAnswer),
    // Whether a request that is given up has reached the upstream at all is a matter of time.
    upstream: outcome.upstream.filter(({ cut }) => !cut).map(message),
    callouts: outcome.callouts.map(message),
    order: lines(outcome.notes).filter((line) => !/ re[qs]-body /.test(line)),
    notes: names.flatMap((name) => lines(ofFilter(name))),
  };
}

/** A read that Envoy refuses: the map is not (or no longer) there. */
const REFUSED =
  /^(@\S+ \S+ (?:(?:get|size)-\w+:\S*|count-\w+:|prop:\S+)) (?:2|1|2 ""|1 ""|0 none)$/;
/** Envoy makes trailers for whoever asks how large they are at the end of a message. */
const MADE = /^(@\S+ \S+ size-re[qs]t:) 0$/;

/** Our notes, where a read gives more than Envoy's as Envoy's. See {@link Case.givesMore}. */
export function asRefused(ours: readonly string[], theirs: readonly string[]): readonly string[] {
  return ours.map((line, i) => {
    const refused = theirs[i] ?? '';
    const [, call] = REFUSED.exec(refused) ?? MADE.exec(refused) ?? [];
    const more = call !== undefined && line !== refused && line.startsWith(`${call} `);
    return more && !/ 2(?: ""|)$/.test(line) ? refused : line;
  });
}

/** How much of a cut answer came through, if anything, is a matter of buffers. */
function answerOf(client: ReadMessage | null, own: boolean): unknown {
  if (client === null || client.cut) return 'cut';
  return own ? startLine(client.start) : message(client);
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
    if (field === 'content-length') {
      lines.splice(lastHead(lines, name) + 1, 0, line);
      continue;
    }
    if (!joined(lines, line, atOnce)) lines.push(line);
  }
  return lines;
}

/** Where the head that a filter is being shown begins. */
function lastHead(lines: readonly string[], name: string): number {
  return lines.findLastIndex((line) => line.startsWith(`@${name} `) && !line.includes(' field '));
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
