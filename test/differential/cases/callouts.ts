/** Filters that ask another service before they go on. */

import { answer, type Case } from '../support/case.ts';
import { atOnce, chunked, sized, withTrailers } from '../support/message.ts';

const FETCH = 'fetch:callout=/asked';

export const CALLOUTS: readonly Case[] = [
  {
    id: 'callout-then-resume',
    setup: 'callouts',
    steps: `req-head=${FETCH};req-head=pause;call=get-call::status;call=body-get;call=continue:0`,
    expect: { status: 200, body: 'hello' },
  },
  {
    id: 'callout-then-edit-and-resume',
    setup: 'callouts',
    steps: `req-head=${FETCH};req-head=pause;call=add-req:x-asked=1;call=continue:0`,
    expect: { status: 200 },
  },
  {
    id: 'callout-then-reply',
    setup: 'callouts',
    steps: `req-head=${FETCH};req-head=pause;call=reply:403=no`,
    expect: { status: 403, body: 'no', upstreamBody: null },
  },
  {
    id: 'callout-while-a-body-waits',
    setup: 'callouts',
    steps: `req-head=${FETCH};req-head=pause;call=continue:0`,
    body: atOnce(withTrailers(chunked('hel', 'lo'), 'x-sum', '5')),
    expect: { status: 200, upstreamBody: 'hello' },
  },
  {
    id: 'callout-from-request-body',
    setup: 'callouts',
    steps: `req-body=pause;req-end=${FETCH};req-end=pause;call=continue:0`,
    body: sized('hel', 'lo'),
    expect: { status: 200, upstreamBody: 'hello' },
  },
  {
    id: 'callout-from-answer-head',
    setup: 'callouts',
    steps: `res-head=${FETCH};res-head=pause;call=add-res:x-asked=1;call=continue:1`,
    expect: { status: 200, body: 'hello' },
  },
  {
    id: 'callout-from-answer-body',
    setup: 'callouts',
    steps: `res-body=pause;res-end=${FETCH};res-end=pause;call=continue:1`,
    answer: answer(sized('hel', 'lo')),
    expect: { status: 200, body: 'hello' },
  },
  {
    id: 'callout-with-trailers',
    setup: 'callouts',
    steps: `req-head=${FETCH};req-head=pause;call=body-get;call=get-callt:x-sum;call=continue:0`,
    calloutAnswer: answer(withTrailers(chunked('ans', 'wer'), 'x-sum', '6'), { status: '404 No' }),
    expect: { status: 200, notes: /call get-callt:x-sum 0 "6"/ },
  },
  {
    id: 'callout-without-body',
    setup: 'callouts',
    steps: `req-head=${FETCH};req-head=pause;call=body-get;call=count-call;call=count-callt;call=continue:0`,
    calloutAnswer: answer(null, { status: '204 No Content' }),
    expect: { status: 200 },
  },
  {
    id: 'callout-edits-of-the-answer',
    setup: 'callouts',
    steps: `req-head=${FETCH};req-head=pause;call=add-call:x-new=1;call=body-append:x;call=continue:0`,
    expect: { status: 200 },
    differs: {
      in: ['notes', 'order'],
      notes: /add-call|body-append/,
      reason:
        'an edit of what cannot be edited is logged and answered with OK: SDKs end their guest on BAD_ARGUMENT',
      tulle: { notes: /call add-call:x-new=1 0/ },
    },
  },
  {
    id: 'callout-to-nobody',
    setup: 'callouts',
    steps:
      'req-head=fetch:nobody=/;req-head=pause;call=count-call;call=get-call::status;call=continue:0',
    expect: { status: 200, body: 'hello' },
  },
  {
    id: 'callout-to-an-unknown-cluster',
    setup: 'callouts',
    steps: 'req-head=fetch:no-such-cluster=/',
    expect: { status: 200, body: 'hello', notes: /fetch:no-such-cluster=\/ 2/ },
  },
  {
    id: 'callout-without-pseudo-fields',
    setup: 'callouts',
    steps: 'req-head=fetch_bare:callout',
    expect: { status: 200, body: 'hello', notes: /fetch_bare:callout 2/ },
  },
  {
    id: 'callout-nobody-waits-for',
    setup: 'callouts',
    steps: `req-head=${FETCH}`,
    answer: answer(sized('hello'), { after: 'call ' }),
    expect: { status: 200, body: 'hello', notes: /call some 5 0/ },
  },
  {
    id: 'callout-answered-after-the-request',
    setup: 'callouts',
    steps: `req-head=${FETCH}`,
    calloutAnswer: answer(sized('late'), { after: 'delete' }),
    expect: { status: 200, body: 'hello' },
  },
];
