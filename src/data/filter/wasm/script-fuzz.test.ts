/**
 * Any host calls in any phase of any exchange: the guest lives (every status is one its SDK
 * expects), the message that comes out keeps its shape, and what is not edited is not changed.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { bytes, responseHead } from '../testing/outlet.ts';
import { type ProbeFilter, probe } from './testing/probe.ts';

const PHASES = [
  'request',
  'body',
  'body-end',
  'trailers',
  'response',
  'answer',
  'answer-end',
  'answer-trailers',
  'log',
  'done',
  'call',
];
const READS = [
  'get-req:a',
  'get-res:a',
  'get-reqt:a',
  'get-rest:a',
  'get-call:a',
  'all-req',
  'all-res',
  'all-rest',
  'body-get',
  'body-part',
  'prop:request.path',
  'prop:response.code',
  'data-get:k',
  'queue-resolve:q',
  'time',
  'loglevel',
  'effective',
  'effective:1',
  'metric:4',
];
const EDITS = [
  'add-req:x=1',
  'set-req:a=2',
  'del-req:a',
  'pairs-req:b=3',
  'none-req',
  'addctl-req:y',
  'add-res:x=1',
  'set-res:a=2',
  'del-res:a',
  'pairs-res:b=3',
  'add-reqt:x=1',
  'set-rest:a=2',
  'add-rest:x=1',
  'set-req::path=/new',
  'set-res::status=201',
  'body-upper',
  'body-prepend:<',
  'body-append:>',
  'body-replace:new',
  'setprop:k=v',
  'data-set:k=v',
  'counter:c=1',
  'gauge:g=1',
  'foreign:clear_route_cache',
];
const ACTS = [
  'pause',
  'continue-request',
  'continue-response',
  'call:known',
  'call:unknown',
  'reply:403',
  'close',
  'grow:70000',
];

const script = (ops: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(fc.tuple(fc.constantFrom(...PHASES), fc.constantFrom(...ops)), { maxLength: 6 })
    .map((steps) => steps.map(([phase, op]) => `${phase}=${op}`).join(';'));

const chunks = fc.array(fc.constantFrom('a', 'bc', 'def'), { maxLength: 4 });

interface Course {
  readonly request: readonly string[];
  readonly answer: readonly string[];
  readonly trailers: boolean;
}

const course: fc.Arbitrary<Course> = fc.record({
  request: chunks,
  answer: chunks,
  trailers: fc.boolean(),
});

function run(filter: ProbeFilter, text: string, { request, answer, trailers }: Course) {
  const outlet = filter.open(text, ['a', '1']);
  const { chain } = outlet;
  chain.requestHead(request.length === 0 && !trailers);
  request.forEach((chunk, i) => {
    chain.requestData(bytes(chunk), !trailers && i === request.length - 1);
  });
  if (trailers) chain.requestTrailers(['a', '9']);
  const { answers } = filter.deps.callouts;
  for (const done of answers.splice(0)) done(null);
  // As the exchange: what the upstream sends after a local reply is dropped.
  const replied = (): boolean => outlet.events.some((event) => /^(reply|fail)/.test(event));
  if (!replied()) {
    chain.responseHead(responseHead(200, ['a', '1']), answer.length === 0 && !trailers);
    answer.forEach((chunk, i) => {
      if (!replied()) chain.responseData(bytes(chunk), !trailers && i === answer.length - 1);
    });
    if (trailers && !replied()) chain.responseTrailers(['a', '9']);
    // An exchange whose answer has ended is complete at once.
    if (!outlet.events.some((event) => /^(HEAD|DATA).* end$|^TRAILERS/.test(event))) {
      for (const done of answers.splice(0)) done(null);
    }
  }
  chain.complete();
  for (const done of answers.splice(0)) done(null);
  return outlet;
}

const REQUEST = /^(head( end|( data)*( data end| trailers)?)?)?$/;
const ANSWER = /^(reset|HEAD( end|( DATA)*( DATA end| TRAILERS| reset)?)?)?$/;

function shape(events: readonly string[], kinds: RegExp): string {
  return events
    .filter((event) => kinds.test(event))
    .map((event) =>
      event.replace(/^(head|HEAD|data|DATA|trailers|TRAILERS|reset).*?( end)?$/, '$1$2'),
    )
    .join(' ');
}

describe('wasm filter: any script', () => {
  it('keeps the guest alive and the message in shape', () => {
    let filter = probe();
    fc.assert(
      fc.property(script([...READS, ...EDITS, ...ACTS]), course, (text, way) => {
        const outlet = run(filter, text, way);
        assert.match(shape(outlet.events, /^(head|data|trailers)/), REQUEST);
        assert.match(shape(outlet.events, /^(HEAD|DATA|TRAILERS|reset)/), ANSWER);
        assert.ok(outlet.events.filter((event) => /^(reply|fail)/.test(event)).length <= 2);
        const trapped = filter.lines().some((line) => line.startsWith('error'));
        if (trapped) filter = probe();
        assert.equal(trapped, false, text);
      }),
      { numRuns: 1_500 },
    );
  });

  it('changes nothing where the guest only reads', () => {
    const filter = probe();
    fc.assert(
      fc.property(script(READS), course, (text, way) => {
        const outlet = run(filter, text, way);
        assert.equal(outlet.sent, way.request.join(''));
        assert.equal(outlet.received, way.answer.join(''));
        assert.deepEqual(outlet.request.fields.slice(2), ['a', '1']);
        assert.deepEqual(outlet.answer?.fields, ['a', '1']);
        assert.equal(
          filter.lines().some((line) => line.startsWith('error')),
          false,
        );
      }),
      { numRuns: 500 },
    );
  });
});
