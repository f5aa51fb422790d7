/** Filters that change what passes: fields, bodies, trailers. */

import { answer, type Case } from '../support/case.ts';
import { chunked, sized, withTrailers } from '../support/message.ts';

const FIELDS: readonly Case[] = [
  {
    id: 'edit-request-fields',
    setup: 'edits',
    steps: 'req-head=add-req:x-new=1;req-head=set-req:x-old=2;req-head=del-req:x-gone',
    fields: 'x-old: 1\r\nx-gone: 1\r\n',
    expect: { status: 200 },
  },
  {
    id: 'edit-answer-fields',
    setup: 'edits',
    steps: 'res-head=add-res:x-new=1;res-head=set-res:x-from=filter;res-head=del-res:x-gone',
    answer: answer(sized('hello'), { fields: 'x-from: b\r\nx-gone: 1\r\nx-stays: 1\r\n' }),
    expect: { status: 200 },
  },
  {
    id: 'edit-add-second-value',
    setup: 'edits',
    steps: 'req-head=add-req:x-twice=2;res-head=add-res:x-from=filter',
    fields: 'x-twice: 1\r\nx-after: 1\r\n',
    expect: { status: 200 },
  },
  {
    id: 'edit-set-over-two-values',
    setup: 'edits',
    steps: 'req-head=set-req:x-twice=3',
    fields: 'x-twice: 1\r\nx-between: 1\r\nx-twice: 2\r\n',
    expect: { status: 200 },
  },
  {
    id: 'edit-del-two-values',
    setup: 'edits',
    steps: 'req-head=del-req:x-twice',
    fields: 'x-twice: 1\r\nx-between: 1\r\nx-twice: 2\r\n',
    expect: { status: 200 },
  },
  {
    id: 'edit-upper-case-name',
    setup: 'edits',
    steps: 'req-head=add-req:X-Loud=1;req-head=get-req:X-LOUD',
    expect: { status: 200 },
  },
  {
    id: 'edit-empty-value',
    setup: 'edits',
    steps: 'req-head=add-req:x-empty=;req-head=set-req:x-old=;res-head=add-res:x-empty=',
    fields: 'x-old: 1\r\n',
    expect: { status: 200 },
  },
  {
    id: 'edit-path',
    setup: 'edits',
    steps: 'req-head=set-req::path=/other?x=1;req-head=get-req::path;req-head=prop:request.path',
    expect: { status: 200 },
  },
  {
    id: 'edit-method',
    setup: 'edits',
    steps: 'req-head=set-req::method=PUT',
    body: sized('hello'),
    expect: { status: 200, upstreamBody: 'hello' },
  },
  {
    id: 'edit-authority',
    setup: 'edits',
    steps: 'req-head=set-req::authority=other.example',
    expect: { status: 200 },
  },
  {
    id: 'edit-status',
    setup: 'edits',
    steps: 'res-head=set-res::status=201',
    expect: { status: 201, body: 'hello' },
  },
  {
    id: 'edit-whole-request-map',
    setup: 'edits',
    steps: 'req-head=rewrite-req:x-gone',
    fields: 'x-gone: 1\r\nx-stays: 1\r\n',
    expect: { status: 200 },
  },
  {
    id: 'edit-whole-answer-map',
    setup: 'edits',
    steps: 'res-head=rewrite-res:x-from',
    expect: { status: 200 },
  },
  {
    id: 'edit-request-fields-from-body',
    setup: 'edits',
    steps: 'req-body=add-req:x-late=1',
    body: sized('hello'),
    expect: { status: 200 },
    differs: {
      in: ['notes', 'order'],
      notes: /req-body/,
      reason:
        'an edit that comes too late is logged and answered with OK: SDKs end their guest on BAD_ARGUMENT',
      tulle: { notes: /req-body add-req:x-late=1 0/ },
    },
  },
  {
    id: 'edit-in-log',
    setup: 'edits',
    steps: 'log=get-req:x-case;log=get-res:x-from;log=prop:response.code;log=get-res::status',
    expect: { status: 200, notes: /log get-res:x-from 0 "backend"/ },
  },
];

const BODIES: readonly Case[] = [
  ['append', '-append:-end', 'hello-end'],
  ['prepend', '-prepend:start-', 'start-hello'],
  ['replace', '-replace:other', 'other'],
  ['replace-longer', '-replace:a longer body than there was', 'a longer body than there was'],
  ['empty', '-replace:', ''],
  ['cut', '-cut:2', 'llo'],
  ['cut-more-than-there-is', '-cut:99', ''],
  ['upper', '-upper', 'HELLO'],
].flatMap(([name = '', step = '', result = '']): Case[] => [
  {
    id: `edit-request-body-${name}`,
    setup: 'edits',
    steps: `req-head=del-req:content-length;req-body=pause;req-end=body${step};req-end=body-get`,
    body: sized('hel', 'lo'),
    expect: { status: 200, upstreamBody: result },
  },
  {
    id: `edit-answer-body-${name}`,
    setup: 'edits',
    steps: `res-head=del-res:content-length;res-body=pause;res-end=body${step};res-end=body-get`,
    answer: answer(sized('hel', 'lo')),
    expect: { status: 200, body: result },
  },
]);

const MORE_BODIES: readonly Case[] = [
  {
    id: 'edit-request-body-chunked',
    setup: 'edits',
    steps: 'req-body=pause;req-end=body-append:-end',
    body: chunked('hel', 'lo'),
    expect: { status: 200, upstreamBody: 'hello-end' },
  },
  {
    id: 'edit-answer-body-chunked',
    setup: 'edits',
    steps: 'res-body=pause;res-end=body-append:-end',
    answer: answer(chunked('hel', 'lo')),
    expect: { status: 200, body: 'hello-end' },
  },
  {
    id: 'edit-request-body-as-it-flows',
    setup: 'edits',
    steps: 'req-head=del-req:content-length;req-end=body-append:-end',
    body: sized('hel', 'lo'),
    expect: { status: 200, upstreamBody: 'hello-end' },
  },
  {
    id: 'edit-answer-body-as-it-flows',
    setup: 'edits',
    steps: 'res-head=del-res:content-length;res-end=body-append:-end',
    answer: answer(sized('hel', 'lo')),
    expect: { status: 200, body: 'hello-end' },
  },
  {
    id: 'edit-request-trailers',
    setup: 'edits',
    steps:
      'req-trailers=add-reqt:x-new=1;req-trailers=set-reqt:x-sum=6;req-trailers=del-reqt:x-gone',
    body: withTrailers(chunked('hello'), 'x-sum', '5', 'x-gone', '1'),
    expect: { status: 200 },
  },
  {
    id: 'edit-answer-trailers',
    setup: 'edits',
    steps:
      'res-trailers=add-rest:x-new=1;res-trailers=set-rest:x-sum=6;res-trailers=del-rest:x-gone',
    answer: answer(withTrailers(chunked('hello'), 'x-sum', '5', 'x-gone', '1')),
    expect: { status: 200 },
  },
  {
    id: 'edit-body-from-trailers',
    setup: 'edits',
    steps: 'req-body=pause;req-trailers=body-append:-end;req-trailers=body-get',
    body: withTrailers(chunked('hello'), 'x-sum', '5'),
    expect: { status: 200, upstreamBody: 'hello-end' },
  },
  {
    id: 'edit-answer-body-from-trailers',
    setup: 'edits',
    steps: 'res-body=pause;res-trailers=body-append:-end;res-trailers=body-get',
    answer: answer(withTrailers(chunked('hello'), 'x-sum', '5')),
    expect: { status: 200, body: 'hello-end' },
  },
  {
    id: 'make-answer-trailers',
    setup: 'edits',
    steps: 'res-end=add-rest:x-made=1',
    answer: answer(chunked('hello')),
    expect: { status: 200, body: 'hello' },
  },
  {
    id: 'make-request-trailers',
    setup: 'edits',
    steps: 'req-end=add-reqt:x-made=1',
    body: chunked('hello'),
    expect: { status: 200, upstreamBody: 'hello' },
  },
  {
    id: 'read-parts-of-a-body',
    setup: 'edits',
    steps:
      'req-body=pause;req-end=body-part:1=3;req-end=body-part:4=9;req-end=body-part:9=1;req-end=body-size',
    body: sized('hello'),
    expect: { status: 200, notes: /body-part:1=3 0 "ell"/ },
  },
  {
    id: 'edit-body-twice',
    setup: 'edits',
    steps:
      'req-head=del-req:content-length;req-body=pause;req-end=body-append:-a;req-end=body-prepend:b-;req-end=body-get',
    body: sized('hello'),
    expect: { status: 200, upstreamBody: 'b-hello-a' },
  },
];

export const EDITS: readonly Case[] = [...FIELDS, ...BODIES, ...MORE_BODIES];
