/** Filters that answer by themselves or end the stream, from each phase. */

import { answer, type Case } from '../support/case.ts';
import { atOnce, chunked, sized, withTrailers } from '../support/message.ts';

const REPLY = 'reply:418=mine';
const POST = withTrailers(chunked('hel', 'lo'), 'x-sum', '5');
const ANSWER = answer(withTrailers(chunked('ans', 'wer'), 'x-sum', '6'));

const FROM_REQUEST: readonly Case[] = [
  {
    id: 'reply-from-request-head',
    setup: 'replies',
    steps: `req-head=${REPLY};req-head=pause`,
    expect: { status: 418, body: 'mine', upstreamBody: null },
  },
  {
    id: 'reply-from-request-head-and-continue',
    setup: 'replies',
    steps: `req-head=${REPLY}`,
    expect: { status: 418, body: 'mine', upstreamBody: null },
  },
  {
    id: 'reply-from-request-head-of-a-post',
    setup: 'replies',
    steps: `req-head=${REPLY};req-head=pause`,
    body: atOnce(sized('hello')),
    expect: { status: 418, body: 'mine', upstreamBody: null },
  },
  {
    id: 'reply-from-held-request-body',
    setup: 'replies',
    steps: `req-body=pause;req-end=${REPLY};req-end=pause`,
    body: sized('hel', 'lo'),
    expect: { status: 418, body: 'mine' },
  },
  {
    id: 'reply-from-request-trailers',
    setup: 'replies',
    steps: `req-head=hold;tick=resume;req-body=pause;req-trailers=${REPLY};req-trailers=pause`,
    body: atOnce(POST),
    expect: { status: 418, body: 'mine' },
  },
  {
    id: 'reply-from-tick',
    setup: 'replies',
    steps: `req-head=hold;tick=${REPLY}`,
    expect: { status: 418, body: 'mine', upstreamBody: null },
  },
  {
    id: 'reply-without-body',
    setup: 'replies',
    steps: 'req-head=reply:401;req-head=pause',
    expect: { status: 401, body: '', upstreamBody: null },
  },
  {
    id: 'reply-204',
    setup: 'replies',
    steps: 'req-head=reply:204;req-head=pause',
    expect: { status: 204, body: '', upstreamBody: null },
  },
  {
    id: 'reply-to-head',
    setup: 'replies',
    method: 'HEAD',
    steps: `req-head=${REPLY};req-head=pause`,
    expect: { status: 418, body: '', upstreamBody: null },
  },
  {
    id: 'reply-twice',
    setup: 'replies',
    steps: 'req-head=reply:401=first;req-head=reply:500=second;req-head=pause',
    expect: { status: 401, body: 'first', upstreamBody: null },
  },
  {
    id: 'reply-and-continue-call',
    setup: 'replies',
    steps: `req-head=${REPLY};req-head=continue:0;req-head=pause`,
    expect: { status: 418, body: 'mine', upstreamBody: null },
  },
  {
    id: 'reply-is-seen-and-edited',
    setup: 'replies',
    steps: `req-head=${REPLY};req-head=pause;res-head=add-res:x-seen=1;res-head=set-res::status=419`,
    expect: { status: 419, body: 'mine', upstreamBody: null },
  },
  {
    id: 'reply-body-is-edited',
    setup: 'replies',
    steps: `req-head=${REPLY};req-head=pause;res-head=del-res:content-length;res-body=pause;res-end=body-append:-yours`,
    expect: { status: 418, body: 'mine-yours', upstreamBody: null },
  },
  {
    id: 'reply-again-to-own-reply',
    setup: 'replies',
    steps: 'req-head=reply:401=first;req-head=pause;res-head=reply:500=second',
    expect: { status: 500, body: 'second', upstreamBody: null },
  },
  {
    id: 'reply-to-own-reply-from-its-body',
    setup: 'replies',
    steps: 'req-head=reply:401=first;req-head=pause;res-body=reply:500=second',
    expect: {},
    differs: {
      in: ['client'],
      reason: 'an answer of filters whose head has gone is finished; Envoy cuts it',
      tulle: { status: 401, body: 'first' },
    },
  },
];

const FROM_ANSWER: readonly Case[] = [
  {
    id: 'reply-from-answer-head',
    setup: 'replies',
    steps: `res-head=${REPLY};res-head=pause`,
    answer: answer(atOnce(sized('hello'))),
    expect: { status: 418, body: 'mine' },
  },
  {
    id: 'reply-from-answer-head-and-continue',
    setup: 'replies',
    steps: `res-head=${REPLY}`,
    answer: answer(atOnce(sized('hello'))),
    expect: { status: 418, body: 'mine' },
  },
  {
    id: 'reply-from-held-answer-head',
    setup: 'replies',
    steps: `res-head=hold;tick=${REPLY}`,
    expect: { status: 418, body: 'mine' },
  },
  {
    id: 'reply-from-answer-body',
    setup: 'replies',
    steps: `res-body=${REPLY};res-body=pause`,
    answer: ANSWER,
    expect: {},
  },
  {
    id: 'reply-from-answer-end',
    setup: 'replies',
    steps: `res-body=pause;res-end=${REPLY};res-end=pause`,
    answer: answer(sized('ans', 'wer')),
    expect: {},
  },
  {
    id: 'reply-from-answer-trailers',
    setup: 'replies',
    steps: `res-trailers=${REPLY};res-trailers=pause`,
    answer: ANSWER,
    expect: {},
  },
  {
    id: 'reply-from-log',
    setup: 'replies',
    steps: `log=${REPLY}`,
    expect: { status: 200, body: 'hello' },
    tulleOnly: 'Envoy crashes',
  },
];

const GRPC = 'content-type: application/grpc\r\n';

const GRPC_REPLIES: readonly Case[] = [
  {
    id: 'reply-grpc-status',
    setup: 'replies',
    steps: 'req-head=reply_grpc:200=7;req-head=pause',
    fields: GRPC,
    body: atOnce(chunked('hello')),
    expect: { status: 200, upstreamBody: null },
  },
  {
    id: 'reply-grpc-status-from-http',
    setup: 'replies',
    steps: 'req-head=reply_grpc:403=-1;req-head=pause',
    fields: GRPC,
    body: atOnce(chunked('hello')),
    expect: { status: 200, upstreamBody: null },
  },
  {
    id: 'reply-grpc-status-outside',
    setup: 'replies',
    steps: 'req-head=reply_grpc:503=99;req-head=pause',
    fields: GRPC,
    body: atOnce(chunked('hello')),
    expect: { status: 200, upstreamBody: null },
  },
  {
    id: 'reply-grpc-status-to-http',
    setup: 'replies',
    steps: 'req-head=reply_grpc:403=7;req-head=pause',
    expect: { status: 403, upstreamBody: null },
  },
];

const CLOSES: readonly Case[] = [
  ['request-head', 'req-head=close:0;req-head=pause'],
  ['request-head-and-continue', 'req-head=close:0'],
  ['answer-head', 'res-head=close:1;res-head=pause'],
  ['tick', 'req-head=hold;tick=close:0'],
].map(([name = '', steps = '']) => ({
  id: `close-from-${name}`,
  setup: 'replies',
  steps,
  expect: {},
}));

export const REPLIES: readonly Case[] = [
  ...FROM_REQUEST,
  ...FROM_ANSWER,
  ...GRPC_REPLIES,
  ...CLOSES,
];
