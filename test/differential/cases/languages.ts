/** The same filter in several languages, each by its own SDK or none. */

import { answer, type Case, type Expectation } from '../support/case.ts';
import { atOnce, chunked, sized, withTrailers } from '../support/message.ts';
import { filter, type Setup } from '../support/setup.ts';

interface Guest {
  /** Of the module below test/guests; its filter is named so, too. */
  readonly name: string;
  /** What it can do of {@link ABILITIES}. */
  readonly can: readonly string[];
}

const ALL = ['edit', 'block', 'upper', 'trailers', 'ask', 'wait', 'everything', 'trap'];

const C = ALL.filter((ability) => ability !== 'everything');

const GUESTS: readonly Guest[] = [
  { name: 'filter-go', can: ALL },
  { name: 'filter-as', can: ALL },
  { name: 'filter-c', can: C },
  { name: 'filter-c-0-2-0', can: C },
  { name: 'filter-c-0-1-0', can: C },
  { name: 'filter-solo', can: ['edit', 'block', 'trailers', 'ask', 'trap'] },
];

interface Ability {
  readonly name: string;
  readonly over: Omit<Partial<Case>, 'expect'>;
  readonly expect: (guest: string) => Expectation;
}

const ABILITIES: readonly Ability[] = [
  { name: 'edit', over: {}, expect: () => ({ status: 200, body: 'hello' }) },
  {
    name: 'block',
    over: { target: '/blocked' },
    expect: () => ({ status: 403, body: 'blocked\n', upstreamBody: null }),
  },
  {
    name: 'upper',
    over: {
      fields: 'x-upper: yes\r\n',
      body: atOnce(sized('hel', 'lo')),
      answer: answer(atOnce(sized('ans', 'wer'))),
    },
    expect: () => ({ status: 200, upstreamBody: '<HELLO>', body: '<ANSWER>' }),
  },
  {
    name: 'trailers',
    over: {
      body: atOnce(withTrailers(chunked('hello'), 'x-sum', '5')),
      answer: answer(atOnce(withTrailers(chunked('answer'), 'x-sum', '6'))),
    },
    expect: () => ({ status: 200, upstreamBody: 'hello', body: 'answer' }),
  },
  {
    name: 'ask',
    over: {
      fields: 'x-ask: callout\r\n',
      calloutAnswer: answer(sized('yes, you may')),
    },
    expect: () => ({ status: 200, notes: /yes, you may/ }),
  },
  {
    name: 'ask',
    over: { fields: 'x-ask: no-such-cluster\r\n' },
    expect: () => ({ status: 200 }),
  },
  {
    name: 'wait',
    over: { fields: 'x-wait: yes\r\n' },
    expect: () => ({ status: 200, notes: /tick/ }),
  },
  {
    name: 'everything',
    over: { fields: 'x-everything: yes\r\n' },
    expect: () => ({ status: 200, body: 'hello' }),
  },
  {
    name: 'trap',
    over: { fields: 'x-trap: yes\r\n', traps: true, ownAnswer: true },
    expect: () => ({ status: 503, upstreamBody: null }),
  },
];

/** A trap ends the guest, so it has one of its own. */
const setupOf = (guest: string, traps: boolean): string => (traps ? `${guest}-trap` : guest);

export const LANGUAGES: readonly Case[] = GUESTS.flatMap(({ name, can }) =>
  ABILITIES.filter((ability) => can.includes(ability.name)).map((ability, i) => ({
    steps: '',
    setup: setupOf(name, ability.over.traps === true),
    ...ability.over,
    id: `${name}-${ability.name}-${i}`,
    expect: ability.expect(name),
  })),
);

export const LANGUAGE_SETUPS: readonly Setup[] = GUESTS.flatMap(({ name, can }) => {
  const filters = [filter(name, name)];
  const setups: Setup[] = [{ name: setupOf(name, false), filters }];
  if (can.includes('trap')) setups.push({ name: setupOf(name, true), filters });
  return setups;
});
