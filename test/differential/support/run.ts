/** Runs one case through one host. */

import { RawClient } from '../../integration/support/raw-client.ts';
import { answerer, type Case } from './case.ts';
import type { Host } from './host.ts';
import { framingLine, type ReadMessage, readRest, sendBody } from './message.ts';
import type { Note } from './notes.ts';

/** What came of a case. */
export interface Outcome {
  /** Null: the connection ended without an answer. */
  readonly client: ReadMessage | null;
  readonly upstream: readonly ReadMessage[];
  readonly callouts: readonly ReadMessage[];
  readonly notes: readonly Note[];
}

/** Time for what a filter of a dead guest might still be told. */
const SETTLE_MS = 150;

export async function runCase(one: Case, host: Host): Promise<Outcome> {
  const { notes } = host;
  /** Waits for so many body callbacks of the filter that sees the body first. */
  const shown = (callback: string) => (pieces: number) =>
    notes.until(one.id, (all) => callbacks(all, callback) >= pieces);
  const noted = (start: string): Promise<boolean> =>
    notes.until(one.id, (all) => all.some(({ text }) => text.startsWith(start)));
  if (one.answer !== undefined) {
    const waits = { shown: shown('res-body'), noted };
    host.backend.answerWith(one.id, answerer(one.answer, waits));
  }
  if (one.calloutAnswer !== undefined) {
    const waits = { shown: async () => {}, noted };
    host.callout.answerWith(one.id, answerer(one.calloutAnswer, waits));
  }
  const client = await RawClient.connect(host.port(one.setup));
  try {
    client.send(requestHead(one));
    const sending = one.body === undefined ? null : sendBody(client, one.body, shown('req-body'));
    const answer = await readAnswer(client, one.method ?? methodOf(one));
    // An early answer ends a request whose body still waits to be seen.
    await Promise.race([sending, client.closed]);
    return await settled(one, host, answer);
  } finally {
    client.close();
  }
}

const methodOf = ({ body }: Case): string => (body === undefined ? 'GET' : 'POST');

function requestHead(one: Case): string {
  const start = `${one.method ?? methodOf(one)} ${one.target ?? '/path?query=1'} HTTP/1.1`;
  const steps = `x-case: ${one.id}\r\nx-do: ${one.steps}\r\n`;
  return `${start}\r\nhost: test.example\r\n${steps}${one.fields ?? ''}${framingLine(one.body ?? null)}\r\n`;
}

async function readAnswer(client: RawClient, method: string): Promise<ReadMessage | null> {
  for (;;) {
    const head = await client.head().catch(() => null);
    if (head === null) return null;
    const status = Number(head.start.split(' ')[1]);
    if (status < 200) continue;
    const bodyless = method === 'HEAD' || status === 204 || status === 304;
    return readRest(client, head, bodyless, true);
  }
}

/** A request is over for its filters a moment after it is for its client. */
async function settled(one: Case, host: Host, client: ReadMessage | null): Promise<Outcome> {
  const over = (all: readonly Note[]): boolean =>
    all.length > 0 && !one.traps && all.every(({ name }) => wasDeleted(all, name));
  await host.notes.until(one.id, over, SETTLE_MS);
  return {
    client,
    upstream: [...host.backend.requests(one.id)],
    callouts: [...host.callout.requests(one.id)],
    notes: [...host.notes.of(one.id)],
  };
}

function wasDeleted(all: readonly Note[], name: string): boolean {
  return all.some((note) => note.name === name && note.text === 'delete');
}

function callbacks(all: readonly Note[], callback: string): number {
  const first = all.find(({ text }) => text.startsWith(`${callback} `))?.name;
  return all.filter(
    ({ name, text }) => name === first && new RegExp(`^${callback} \\d+( end)?$`).test(text),
  ).length;
}
