/**
 * Any mix of chunks, verdicts and resumptions over any number of filters: what goes in comes out,
 * in order, once, and every filter sees a well-formed message.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { DataVerdict, HeadVerdict, TrailersVerdict } from './contract.ts';
import { bytes, RecordingOutlet, responseHead } from './testing/outlet.ts';
import { Scripted } from './testing/scripted.ts';

interface Plan {
  readonly head: number;
  readonly data: readonly number[];
  readonly trailers: number;
  readonly early: boolean;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  head: fc.integer({ min: 0, max: 2 }),
  data: fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 6 }),
  trailers: fc.integer({ min: 0, max: 1 }),
  early: fc.boolean(),
});

function filterOf(
  name: string,
  { head, data, trailers, early }: Plan,
  response: boolean,
): Scripted {
  let chunk = 0;
  const next = (): DataVerdict => (data[chunk++] ?? 0) as DataVerdict;
  if (response) {
    return new Scripted(name, {
      responseHead: (host) => {
        if (early) host.continueResponse();
        return head as HeadVerdict;
      },
      responseData: next,
      responseTrailers: () => trailers as TrailersVerdict,
    });
  }
  return new Scripted(name, {
    requestHead: (host) => {
      if (early) host.continueRequest();
      return head as HeadVerdict;
    },
    requestData: next,
    requestTrailers: () => trailers as TrailersVerdict,
  });
}

/** `head`, data, then an end or trailers: the shape of a message, as one string. */
const MESSAGE = /^head( end|( data \S*)*( data \S* end| trailers t,1))$/;

function check(events: readonly string[], body: string, withTrailers: boolean): void {
  const line = events.join(' ').toLowerCase().replaceAll(' 200', '');
  assert.match(line, MESSAGE);
  const sent = [...line.matchAll(/data (\S*)/g)].map((match) => match[1]).join('');
  assert.equal(sent.replace(/^end$/, ''), body);
  assert.equal(line.includes('trailers'), withTrailers);
}

describe('chain: any mix of holding and resuming', () => {
  for (const response of [false, true]) {
    it(`keeps a ${response ? 'response' : 'request'} whole`, () => {
      fc.assert(
        fc.property(
          fc.array(plan, { minLength: 1, maxLength: 4 }),
          fc.array(fc.stringMatching(/^[a-d]{1,4}$/), { maxLength: 5 }),
          fc.boolean(),
          fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 }),
          (plans, chunks, withTrailers, resumes) => {
            const filters = plans.map((one, i) => filterOf(`f${i}`, one, response));
            const outlet = new RecordingOutlet(filters);
            const { chain } = outlet;
            const resume = (i: number): void => {
              const filter = filters[i % filters.length];
              if (filter === undefined || filter.opened === 0) return;
              if (response) filter.host.continueResponse();
              else filter.host.continueRequest();
            };
            const bare = chunks.length === 0 && !withTrailers;
            if (response) {
              chain.requestHead(true);
              outlet.events.length = 0;
              chain.responseHead(responseHead(), bare);
            } else chain.requestHead(bare);
            const wishes = [...resumes];
            chunks.forEach((chunk, i) => {
              const wish = wishes.shift();
              if (wish !== undefined) resume(wish);
              const end = !withTrailers && i === chunks.length - 1;
              if (response) chain.responseData(bytes(chunk), end);
              else chain.requestData(bytes(chunk), end);
            });
            if (withTrailers && response) chain.responseTrailers(['t', '1']);
            else if (withTrailers) chain.requestTrailers(['t', '1']);
            for (const wish of wishes) resume(wish);
            // Each filter holds at most a head, then what was kept behind it, then trailers.
            for (let round = 0; round < filters.length * 8; round++) resume(round);
            check(outlet.events, chunks.join(''), withTrailers);
            chain.complete();
            for (const filter of filters) assert.equal(filter.completed, 1);
          },
        ),
        { numRuns: 1500 },
      );
    });
  }
});
