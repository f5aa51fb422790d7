/** Messages of every shape pass a filter that only looks. */

import { answer, type Case } from '../support/case.ts';
import { atOnce, type BodyPlan, chunked, sized, withTrailers } from '../support/message.ts';

const REQUESTS: Readonly<Record<string, BodyPlan>> = {
  sized: sized('hello'),
  'sized-in-two': sized('hel', 'lo'),
  'sized-in-bytes': sized('h', 'e', 'l', 'l', 'o'),
  'sized-empty': sized(''),
  chunked: chunked('hello'),
  'chunked-in-two': chunked('hel', 'lo'),
  'chunked-in-bytes': chunked('h', 'e', 'l', 'l', 'o'),
  'chunked-at-once': atOnce(chunked('hel', 'l', 'o')),
  'chunked-empty': chunked(),
  'chunked-trailers': withTrailers(chunked('hello'), 'x-sum', '5', 'x-more', 'a, b'),
  'chunked-trailers-in-two': withTrailers(chunked('hel', 'lo'), 'x-sum', '5'),
  'trailers-at-once': atOnce(withTrailers(chunked('hello'), 'x-sum', '5')),
  'trailers-alone': withTrailers(chunked(), 'x-sum', '0'),
};

function requests(): Case[] {
  return Object.entries(REQUESTS).map(([name, body]) => ({
    id: `request-${name}`,
    setup: 'bodies',
    steps: '',
    body,
    expect: { status: 200, upstreamBody: body.pieces.join('') },
  }));
}

function answers(): Case[] {
  return Object.entries(REQUESTS).map(([name, body]) => ({
    id: `answer-${name}`,
    setup: 'bodies',
    steps: '',
    answer: answer(body),
    expect: { status: 200, body: body.pieces.join('') },
  }));
}

const NO_BODY: readonly Case[] = [
  { id: 'get', setup: 'bodies', steps: '', expect: { status: 200, body: 'hello' } },
  {
    id: 'put-without-body',
    setup: 'bodies',
    steps: '',
    method: 'PUT',
    fields: 'content-length: 0\r\n',
    expect: { status: 200 },
  },
  {
    id: 'head-sized',
    setup: 'bodies',
    steps: '',
    method: 'HEAD',
    answer: answer(null, { fields: 'content-length: 5\r\n' }),
    expect: { status: 200, body: '' },
  },
  {
    id: 'head-chunked',
    setup: 'bodies',
    steps: '',
    method: 'HEAD',
    answer: answer(null, { fields: 'transfer-encoding: chunked\r\n' }),
    expect: { status: 200, body: '' },
    differs: {
      in: ['client'],
      reason: 'the framing of a body that is not sent may be left out (RFC 9110 9.3.2)',
      tulle: { status: 200, body: '' },
    },
  },
  {
    id: 'answer-204',
    setup: 'bodies',
    steps: '',
    answer: answer(null, { status: '204 No Content' }),
    expect: { status: 204, body: '' },
  },
  {
    id: 'answer-304',
    setup: 'bodies',
    steps: '',
    answer: answer(null, { status: '304 Not Modified', fields: 'etag: "1"\r\n' }),
    expect: { status: 304, body: '' },
  },
  {
    id: 'answer-after-103',
    setup: 'bodies',
    steps: '',
    answer: answer(sized('hello'), {
      status: '103 Early Hints',
      fields: 'link: </a>\r\n\r\nHTTP/1.1 200 OK\r\n',
    }),
    expect: { status: 200, body: 'hello' },
  },
  {
    id: 'answer-404',
    setup: 'bodies',
    steps: '',
    answer: answer(sized('nothing'), { status: '404 Not Found' }),
    expect: { status: 404, body: 'nothing' },
  },
  {
    id: 'nobody-answers',
    setup: 'bodies',
    steps: '',
    target: '/nowhere',
    ownAnswer: true,
    expect: {},
    differs: {
      in: ['client', 'notes', 'order'],
      notes: /res-head field :status/,
      reason: 'a refused connection is 502 here; Envoy says 503',
      tulle: { status: 502, body: /upstream_connect/ },
    },
  },
  {
    id: 'many-values',
    setup: 'bodies',
    steps: 'req-head=get-req:x-many;req-head=prop:request.headers.x-many;req-head=count-req',
    fields: 'x-many: a\r\nx-many: b\r\nX-Upper: C\r\nx-empty:\r\n',
    expect: { status: 200, notes: /prop:request.headers.x-many 0 "a,b"/ },
  },
  {
    id: 'answer-of-a-post',
    setup: 'bodies',
    steps: '',
    body: chunked('question'),
    answer: answer(withTrailers(chunked('ans', 'wer'), 'x-sum', '6')),
    expect: { status: 200, body: 'answer', upstreamBody: 'question' },
  },
];

export const BODIES: readonly Case[] = [...NO_BODY, ...requests(), ...answers()];
