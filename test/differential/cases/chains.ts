/** Several filters in a chain: their order on the way there and back, and what one does to the others. */

import { answer, type Case } from '../support/case.ts';
import { atOnce, chunked, sized, withTrailers } from '../support/message.ts';
import { filter, type Setup } from '../support/setup.ts';

const POST = withTrailers(chunked('hel', 'lo'), 'x-sum', '5');
const ANSWER = answer(withTrailers(chunked('ans', 'wer'), 'x-sum', '6'));

const TWO: readonly Case[] = [
  {
    id: 'chain-order',
    setup: 'two',
    steps: '',
    body: POST,
    answer: ANSWER,
    expect: { status: 200 },
  },
  {
    id: 'chain-edits-are-seen',
    setup: 'two',
    steps:
      'a.req-head=add-req:x-a=1;b.req-head=get-req:x-a;b.req-head=add-req:x-b=1;b.res-head=add-res:x-b=1;a.res-head=get-res:x-b;a.res-head=add-res:x-a=1',
    expect: { status: 200, notes: /@b chain-edits-are-seen|@a res-head get-res:x-b 0 "1"/ },
  },
  {
    id: 'chain-body-edits-are-seen',
    setup: 'two',
    steps:
      'a.req-body=pause;a.req-end=body-append:-a;b.req-body=pause;b.req-end=body-get;b.req-end=body-append:-b;b.res-body=pause;b.res-end=body-append:-b;a.res-body=pause;a.res-end=body-get;a.res-end=body-append:-a',
    body: chunked('hel', 'lo'),
    answer: answer(chunked('ans', 'wer')),
    expect: { status: 200, upstreamBody: 'hello-a-b', body: 'answer-b-a' },
  },
  {
    id: 'chain-first-replies',
    setup: 'two',
    steps: 'a.req-head=reply:418=mine;a.req-head=pause',
    expect: { status: 418, body: 'mine', upstreamBody: null },
  },
  {
    id: 'chain-second-replies',
    setup: 'two',
    steps: 'b.req-head=reply:418=mine;b.req-head=pause',
    expect: { status: 418, body: 'mine', upstreamBody: null },
  },
  {
    id: 'chain-second-replies-to-the-body',
    setup: 'two',
    steps: 'b.req-body=pause;b.req-end=reply:418=mine;b.req-end=pause',
    body: sized('hel', 'lo'),
    expect: { status: 418, body: 'mine' },
  },
  {
    id: 'chain-first-replies-to-the-answer',
    setup: 'two',
    steps: 'a.res-head=reply:418=mine;a.res-head=pause',
    answer: answer(atOnce(sized('hello'))),
    expect: { status: 418, body: 'mine' },
  },
  {
    id: 'chain-second-replies-to-the-answer',
    setup: 'two',
    steps: 'b.res-head=reply:418=mine;b.res-head=pause',
    answer: answer(atOnce(sized('hello'))),
    expect: { status: 418, body: 'mine' },
  },
  {
    id: 'chain-first-holds-head',
    setup: 'two',
    steps: 'a.req-head=hold;a.tick=resume',
    body: atOnce(POST),
    expect: { status: 200, upstreamBody: 'hello' },
  },
  {
    id: 'chain-second-holds-head',
    setup: 'two',
    steps: 'b.req-head=hold;b.tick=resume',
    body: atOnce(POST),
    expect: { status: 200, upstreamBody: 'hello' },
  },
  {
    id: 'chain-second-holds-the-answer',
    setup: 'two',
    steps: 'b.res-head=hold;b.tick=resume',
    answer: answer(atOnce(chunked('hel', 'lo'))),
    expect: { status: 200, body: 'hello' },
  },
  {
    id: 'chain-both-ask',
    setup: 'two',
    steps: 'req-head=fetch:callout=/asked;req-head=pause;call=add-req:x-asked=1;call=continue:0',
    expect: { status: 200 },
  },
  {
    id: 'chain-property-is-shared',
    setup: 'two',
    steps:
      'a.req-head=setprop:colour=red;b.req-head=prop:colour;b.log=prop:colour;a.res-head=prop:colour',
    expect: { status: 200, notes: /prop:colour 0 "red"/ },
  },
];

const TRAPPED: readonly Case[] = [
  ['first-traps', 'a.req-head=trap', 503],
  ['second-traps', 'b.req-head=trap', 503],
  ['second-traps-in-answer', 'b.res-head=trap', 503],
  ['first-traps-in-answer', 'a.res-head=trap', 503],
].map(([name = '', steps = '', status = 0]) => ({
  id: `chain-${name}`,
  setup: `chain-${name}`,
  steps: String(steps),
  traps: true,
  ownAnswer: true,
  expect: { status: Number(status) },
}));

export const CHAINS: readonly Case[] = [...TWO, ...TRAPPED];

export const CHAIN_SETUPS: readonly Setup[] = ['two', ...TRAPPED.map(({ setup }) => setup)].map(
  (name) => ({ name, filters: [filter('a'), filter('b')] }),
);
