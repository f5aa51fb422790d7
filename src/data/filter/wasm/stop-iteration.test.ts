/** The two meanings of StopIteration from a headers callback. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { responseHead } from '../testing/outlet.ts';
import { answerBody, probe, sendBody } from './testing/probe.ts';

const allowed = { headersStopIteration: true };
const bodyLines = (lines: string[]): string[] => lines.filter((line) => line.includes('body'));

describe('wasm filter: a held head', () => {
  it('holds the body back, too, unless the plugin says otherwise', () => {
    const filter = probe();
    const outlet = filter.open('request=pause; body=body-get');
    outlet.chain.requestHead(false);
    sendBody(outlet, ['one', 'two']);
    assert.deepEqual(bodyLines(filter.lines()), []);
    assert.deepEqual(outlet.events, []);
  });

  it('lets body callbacks go on where the plugin says so; the first that continues releases it', () => {
    const filter = probe(allowed);
    const outlet = filter.open('request=pause; body=body-get');
    outlet.chain.requestHead(false);
    assert.deepEqual(outlet.events, []);
    sendBody(outlet, ['one', 'two']);
    assert.deepEqual(bodyLines(filter.lines()), ['info body Some("one")', 'info body Some("two")']);
    assert.deepEqual(outlet.events, ['head', 'data one', 'data two end']);
  });

  it('is let go by continue_stream, with edits made meanwhile', () => {
    const filter = probe(allowed);
    const outlet = filter.open(
      'request=call:known; request=pause; body=add-req:x=1; body=pause; call=continue-request',
    );
    outlet.chain.requestHead(false);
    sendBody(outlet, ['one']);
    assert.deepEqual(
      outlet.events.filter((event) => event !== 'route cleared'),
      [],
    );
    filter.deps.callouts.answers[0]?.(null);
    assert.deepEqual(outlet.request.fields.slice(-2), ['x', '1']);
    assert.deepEqual(
      outlet.events.filter((event) => event !== 'route cleared'),
      ['head', 'data one end'],
    );
  });

  it('works alike on the answer', () => {
    const filter = probe(allowed);
    const outlet = filter.open('response=pause; answer=body-get');
    outlet.chain.requestHead(true);
    outlet.chain.responseHead(responseHead(), false);
    assert.ok(!outlet.events.some((event) => event.startsWith('HEAD')));
    answerBody(outlet, ['a', 'b']);
    assert.deepEqual(bodyLines(filter.lines()), ['info body Some("a")', 'info body Some("b")']);
    assert.ok(outlet.events.some((event) => event.startsWith('HEAD')));
  });
});
