/** Filters that hold what passes and let it go: by a tick, by the answer of a callout, at once. */

import { answer, type Case } from '../support/case.ts';
import { atOnce, chunked, sized, withTrailers } from '../support/message.ts';

const HELD: readonly Case[] = [
  {
    id: 'hold-request-head',
    setup: 'pauses',
    steps: 'req-head=hold;tick=resume',
    expect: { status: 200 },
  },
  {
    id: 'hold-request-head-with-body',
    setup: 'pauses',
    steps: 'req-head=hold;tick=resume',
    body: atOnce(sized('hel', 'lo')),
    expect: { status: 200, upstreamBody: 'hello' },
  },
  {
    id: 'hold-request-head-with-trailers',
    setup: 'pauses',
    steps: 'req-head=hold;tick=resume',
    body: atOnce(withTrailers(chunked('hel', 'lo'), 'x-sum', '5')),
    expect: { status: 200, upstreamBody: 'hello' },
  },
  {
    id: 'hold-request-head-and-edit',
    setup: 'pauses',
    steps: 'req-head=hold;tick=add-req:x-held=1;tick=resume',
    expect: { status: 200 },
  },
  {
    id: 'hold-request-body',
    setup: 'pauses',
    steps: 'req-body=pause;req-end=hold;tick=body-get;tick=resume',
    body: sized('hel', 'lo'),
    expect: { status: 200, upstreamBody: 'hello' },
  },
  {
    id: 'hold-request-body-in-the-middle',
    setup: 'pauses',
    steps: 'req-body=pause;req-end=go',
    body: sized('h', 'e', 'l', 'l', 'o'),
    expect: { status: 200, upstreamBody: 'hello' },
  },
  {
    id: 'hold-request-trailers',
    setup: 'pauses',
    steps: 'req-trailers=hold;tick=resume',
    body: withTrailers(chunked('hello'), 'x-sum', '5'),
    expect: { status: 200, upstreamBody: 'hello' },
  },
  {
    id: 'hold-request-body-and-trailers',
    setup: 'pauses',
    steps: 'req-body=pause;req-trailers=hold;tick=body-append:-end;tick=resume',
    body: withTrailers(chunked('hel', 'lo'), 'x-sum', '5'),
    expect: { status: 200 },
  },
  {
    id: 'hold-answer-head',
    setup: 'pauses',
    steps: 'res-head=hold;tick=resume',
    expect: { status: 200, body: 'hello' },
  },
  {
    id: 'hold-answer-head-without-body',
    setup: 'pauses',
    steps: 'res-head=hold;tick=resume',
    answer: answer(null, { status: '204 No Content' }),
    expect: { status: 204 },
  },
  {
    id: 'hold-answer-head-with-trailers',
    setup: 'pauses',
    steps: 'res-head=hold;tick=resume',
    answer: answer(atOnce(withTrailers(chunked('hel', 'lo'), 'x-sum', '5'))),
    expect: { status: 200, body: 'hello' },
  },
  {
    id: 'hold-answer-head-and-edit',
    setup: 'pauses',
    steps: 'res-head=hold;tick=add-res:x-held=1;tick=set-res::status=203;tick=resume',
    expect: { status: 203, body: 'hello' },
  },
  {
    id: 'hold-answer-body',
    setup: 'pauses',
    steps: 'res-body=pause;res-end=hold;tick=body-get;tick=resume',
    answer: answer(sized('hel', 'lo')),
    expect: { status: 200, body: 'hello' },
  },
  {
    id: 'hold-answer-trailers',
    setup: 'pauses',
    steps: 'res-trailers=hold;tick=resume',
    answer: answer(withTrailers(chunked('hello'), 'x-sum', '5')),
    expect: { status: 200, body: 'hello' },
  },
  {
    id: 'hold-in-every-phase',
    setup: 'pauses',
    steps:
      'req-head=hold;req-body=pause;req-trailers=hold;res-head=hold;res-body=pause;res-trailers=hold;tick=resume',
    body: atOnce(withTrailers(chunked('hel', 'lo'), 'x-sum', '5')),
    answer: answer(atOnce(withTrailers(chunked('ans', 'wer'), 'x-sum', '6'))),
    expect: { status: 200, upstreamBody: 'hello', body: 'answer' },
  },
];

const AT_ONCE: readonly Case[] = [
  {
    id: 'continue-before-pause-request-head',
    setup: 'pauses',
    steps: 'req-head=continue:0;req-head=pause',
    expect: { status: 200 },
  },
  {
    id: 'continue-before-pause-request-head-with-body',
    setup: 'pauses',
    steps: 'req-head=continue:0;req-head=pause',
    body: atOnce(sized('hello')),
    expect: { status: 200, upstreamBody: 'hello' },
    tulleOnly: 'Envoy never goes on with the request',
  },
  {
    id: 'continue-before-pause-answer-head',
    setup: 'pauses',
    steps: 'res-head=continue:1;res-head=pause',
    expect: { status: 200, body: 'hello' },
    tulleOnly: 'Envoy sends the head and never the body',
  },
  {
    id: 'continue-answer-before-there-is-one',
    setup: 'pauses',
    steps: 'req-head=continue:1;req-body=continue:1',
    body: sized('hello'),
    expect: { status: 200, upstreamBody: 'hello', body: 'hello' },
    tulleOnly: 'Envoy crashes: it continues an answer that has not begun',
  },
  {
    id: 'continue-request-that-has-gone',
    setup: 'pauses',
    steps: 'req-head=continue:0;req-end=continue:0;res-head=continue:0;res-end=continue:0',
    body: chunked('hello'),
    expect: { status: 200, upstreamBody: 'hello', body: 'hello' },
    tulleOnly: 'Envoy sends the request a second time',
  },
  {
    id: 'continue-answer-with-nothing-held',
    setup: 'pauses',
    steps: 'res-head=continue:1;res-end=continue:1',
    expect: { status: 200, body: 'hello' },
    tulleOnly: 'Envoy sends the head of the answer twice',
  },
  {
    id: 'continue-of-other-streams',
    setup: 'pauses',
    steps: 'req-head=continue:2;req-head=continue:3;req-head=continue:4;req-head=close:4',
    expect: { status: 200 },
  },
  {
    id: 'early-answer',
    setup: 'pauses',
    steps: '',
    body: sized('hello'),
    answer: answer(sized('early'), { early: true }),
    expect: { status: 200, body: 'early' },
  },
];

export const PAUSES: readonly Case[] = [...HELD, ...AT_ONCE];
