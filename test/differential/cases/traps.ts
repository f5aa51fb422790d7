/** Filters whose guest traps, in each phase. A guest serves its case alone: it dies of it. */

import { answer, type Case } from '../support/case.ts';
import { atOnce, chunked, withTrailers } from '../support/message.ts';
import { filter, type Setup } from '../support/setup.ts';

const POST = withTrailers(chunked('hel', 'lo'), 'x-sum', '5');
const ANSWER = answer(withTrailers(chunked('ans', 'wer'), 'x-sum', '6'));

interface Trap {
  readonly name: string;
  readonly steps: string;
  readonly over: Partial<Case> & Pick<Case, 'expect'>;
}

const TRAPS: readonly Trap[] = [
  {
    name: 'own-reply',
    steps: 'req-head=reply:401=first;req-head=pause;res-head=trap',
    over: { expect: {} },
  },
  { name: 'request-head', steps: 'req-head=trap', over: { expect: { status: 503 } } },
  {
    name: 'request-body',
    steps: 'req-body=pause;req-end=trap',
    over: { body: chunked('hel', 'lo'), expect: { status: 503 } },
  },
  {
    name: 'request-trailers',
    steps: 'req-body=pause;req-trailers=trap',
    over: { body: atOnce(POST), expect: { status: 503 } },
  },
  {
    name: 'tick',
    steps: 'req-head=hold;tick=trap',
    over: { expect: {}, tulleOnly: 'Envoy never answers' },
  },
  { name: 'answer-head', steps: 'res-head=trap', over: { expect: { status: 503 } } },
  {
    name: 'answer-body',
    steps: 'res-body=trap',
    over: { answer: ANSWER, expect: {} },
  },
  {
    name: 'answer-trailers',
    steps: 'res-trailers=trap',
    over: { answer: ANSWER, expect: {} },
  },
  { name: 'log', steps: 'log=trap', over: { expect: { status: 200, body: 'hello' } } },
  { name: 'done', steps: 'done=trap', over: { expect: { status: 200, body: 'hello' } } },
];

const setupOf = (name: string): string => `trap-${name}`;

export const TRAP_CASES: readonly Case[] = TRAPS.flatMap(({ name, steps, over }) =>
  [false, true].map((open) => ({
    setup: setupOf(open ? `${name}-open` : name),
    traps: true,
    ownAnswer: true,
    ...over,
    id: `trap-in-${name}${open ? '-open' : ''}`,
    steps,
  })),
);

export const TRAP_SETUPS: readonly Setup[] = TRAPS.flatMap(({ name }) => [
  { name: setupOf(name), filters: [filter('a')] },
  { name: setupOf(`${name}-open`), filters: [filter('a', 'differential', true)] },
]);
