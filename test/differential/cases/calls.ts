/** What host calls give in each phase, where what they ask for is there and where it is not. */

import { answer, type Case } from '../support/case.ts';
import { atOnce, chunked, withTrailers } from '../support/message.ts';

const PHASES = [
  'req-head',
  'req-end',
  'req-trailers',
  'res-head',
  'res-end',
  'res-trailers',
  'log',
  'done',
  'tick',
];

const MAPS = ['req', 'reqt', 'res', 'rest'];

/** One phase, the steps of it, over a message with everything in it. */
function probe(name: string, phase: string, calls: readonly string[], over: Partial<Case>): Case {
  const hold = phase === 'tick' ? ['req-head=hold'] : [];
  const resume = phase === 'tick' ? ['tick=resume'] : [];
  const trailers = phase.endsWith('-end') ? [] : ['x-sum', '5'];
  const steps = [...hold, ...calls.map((call) => `${phase}=${call}`), ...resume];
  return {
    id: `call-${name}-in-${phase}`,
    setup: 'calls',
    steps: steps.join(';'),
    body: atOnce(withTrailers(chunked('hello'), ...trailers)),
    answer: answer(atOnce(withTrailers(chunked('answer'), ...trailers))),
    expect: { status: 200 },
    ...over,
  };
}

/** Maps that Envoy forgets once they have been sent on. */
const MORE = { givesMore: true } as const;

const READS: readonly Case[] = PHASES.flatMap((phase) => [
  probe(
    'pairs',
    phase,
    MAPS.map((map) => `count-${map}`),
    phase === 'req-head' ? {} : MORE,
  ),
  probe(
    'values',
    phase,
    ['get-req:x-case', 'get-reqt:x-sum', 'get-res:x-from', 'get-rest:x-sum'],
    MORE,
  ),
  probe(
    'missing',
    phase,
    MAPS.map((map) => `get-${map}:x-missing`),
    phase === 'log' ? {} : MORE,
  ),
  probe(
    'sizes',
    phase,
    MAPS.map((map) => `size-${map}`),
    MORE,
  ),
  probe('body', phase, ['body-get', 'body-part:1=2', 'body-size'], {}),
]);

const PROPERTIES = [
  'request.path',
  'request.url_path',
  'request.query',
  'request.host',
  'request.scheme',
  'request.method',
  'request.protocol',
  'request.headers.x-case',
  'request.headers.x-missing',
  'request.referer',
  'request.useragent',
  'response.code',
  'response.code_details',
  'response.flags',
  'response.headers.x-from',
  'response.trailers.x-sum',
  'response.grpc_status',
  'connection.mtls',
  'connection.requested_server_name',
  'connection.tls_version',
  'upstream.request_attempt_count',
  'plugin_name',
  'plugin_root_id',
  'nothing',
  'request.nothing',
];

/** Those of the request's head go with it. */
const PROPERTIES_GONE = new Set([
  'req-end',
  'req-trailers',
  'res-head',
  'res-end',
  'res-trailers',
  'done',
]);

const OF_PROPERTIES: readonly Case[] = PHASES.map((phase) =>
  probe(
    'properties',
    phase,
    PROPERTIES.map((path) => `prop:${path}`),
    PROPERTIES_GONE.has(phase) ? MORE : {},
  ),
);

export const CALLS: readonly Case[] = [...READS, ...OF_PROPERTIES];
