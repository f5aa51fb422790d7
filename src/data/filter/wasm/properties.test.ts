import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FilterState } from '../../../observe/filter-state.ts';
import type { StreamInfo } from '../../../observe/stream-info.ts';
import type { PropertyValue } from '../../../runtime/proxy-wasm/stream.ts';
import type { Fields, RequestHead, ResponseHead } from '../../codec/head.ts';
import type { FilterHost } from '../contract.ts';
import { requestHead, responseHead, streamInfo } from '../testing/outlet.ts';
import { requestProperty } from './properties.ts';

interface Situation {
  request?: RequestHead;
  response?: ResponseHead | null;
  responseTrailers?: Fields;
  info?: Partial<StreamInfo>;
}

function hostOf(situation: Situation): FilterHost {
  return {
    request: situation.request ?? requestHead('/a/b?c=d'),
    response: situation.response ?? null,
    requestTrailers: null,
    responseTrailers: situation.responseTrailers ?? null,
    info: streamInfo(situation.info),
    makeRequestTrailers: () => [],
    makeResponseTrailers: () => [],
    continueRequest: () => {},
    continueResponse: () => {},
    reply: () => {},
    fail: () => {},
    clearRouteCache: () => {},
  };
}

const get = (path: string, situation: Situation = {}): PropertyValue | undefined =>
  requestProperty(hostOf(situation), path.split('.'));

describe('properties: request', () => {
  it('splits the target', () => {
    assert.equal(get('request.path'), '/a/b?c=d');
    assert.equal(get('request.url_path'), '/a/b');
    assert.equal(get('request.query'), 'c=d');
    const plain = { request: requestHead('/a') };
    assert.equal(get('request.url_path', plain), '/a');
    assert.equal(get('request.query', plain), '');
  });

  it('gives the fields as a map, and one of them joined', () => {
    const request = requestHead('/', ['accept', 'a', 'x', '1', 'accept', 'b']);
    assert.deepEqual(get('request.headers', { request }), request.fields);
    assert.equal(get('request.headers.Accept', { request }), 'a,b');
    assert.equal(get('request.headers.none', { request }), undefined);
  });

  it('tells sizes by what is announced, else by what came', () => {
    const announced = { request: requestHead('/', ['content-length', '7']) };
    assert.equal(get('request.size', announced), 7);
    assert.equal(get('request.size', { info: { requestBodyBytes: 5 } }), 5);
    const sizes = { info: { requestBodyBytes: 5, requestHeadBytes: 30 } };
    assert.equal(get('request.total_size', sizes), 35);
  });

  it('tells times in nanoseconds, the duration once it is over', () => {
    assert.equal(get('request.time'), BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n);
    assert.equal(get('request.duration'), undefined);
    assert.equal(get('request.duration', { info: { endMs: 1.5 } }), 1_500_000n);
  });
});

describe('properties: answer', () => {
  it('tells the status of the head, else of the exchange', () => {
    assert.equal(get('response.code', { response: responseHead(404) }), 404);
    assert.equal(get('response.code', { info: { status: 503 } }), 503);
    assert.equal(get('response.code'), undefined);
    assert.equal(
      get('response.code_details', { info: { statusDetails: 'via_upstream' } }),
      'via_upstream',
    );
    assert.equal(get('response.code_details'), undefined);
  });

  it('tells flags as bits', () => {
    assert.equal(get('response.flags', { info: { responseFlags: 'UH,NR' } }), 0x102);
    assert.equal(get('response.flags', { info: { responseFlags: 'WF' } }), 0);
    assert.equal(get('response.flags'), 0);
  });

  it('finds a gRPC status in the trailers before the head', () => {
    const response = responseHead(200, ['grpc-status', '3']);
    assert.equal(get('response.grpc_status', { response }), 3);
    assert.equal(
      get('response.grpc_status', { response, responseTrailers: ['grpc-status', '5'] }),
      5,
    );
    assert.equal(
      get('response.grpc_status', { responseTrailers: ['grpc-status', 'x'] }),
      undefined,
    );
  });

  it('gives fields and trailers where there are any', () => {
    const response = responseHead(200, ['server', 'x']);
    assert.equal(get('response.headers.server', { response }), 'x');
    assert.equal(get('response.headers'), undefined);
    assert.deepEqual(get('response.trailers', { responseTrailers: ['t', '1'] }), ['t', '1']);
    assert.equal(get('response.trailers.t'), undefined);
  });
});

describe('properties: where', () => {
  it('splits addresses, of IPv6 too', () => {
    const info = { downstreamRemoteAddress: '[2001:db8::1]:5555' };
    assert.equal(get('source.address', { info }), '[2001:db8::1]:5555');
    assert.equal(get('source.port', { info }), 5555);
    assert.equal(get('destination.address'), '10.0.0.2:80');
    assert.equal(get('upstream.port', { info: { upstreamAddress: '' } }), undefined);
    assert.equal(get('upstream.request_attempt_count', { info: { attempts: 3 } }), 3);
  });

  it('knows the connection, metadata as empty messages, and the filter state', () => {
    const filterState = new FilterState();
    filterState.set('wasm.k', Buffer.from('v'));
    assert.equal(get('connection.id', { info: { connectionId: 7 } }), 7);
    assert.equal(get('connection_id', { info: { connectionId: 7 } }), 7);
    for (const name of [
      'cluster_metadata',
      'xds.route_metadata',
      'metadata',
      'upstream.locality',
    ]) {
      assert.equal(get(name), '', name);
    }
    assert.equal(get('cluster_metadata.filter_metadata.istio'), undefined);
    assert.equal(get('filter_state.none'), undefined);
    assert.equal(
      requestProperty(hostOf({ info: { filterState } }), ['filter_state', 'x']),
      undefined,
    );
    assert.deepEqual(
      requestProperty(hostOf({ info: { filterState } }), ['filter_state', 'wasm.k']),
      Buffer.from('v'),
    );
  });

  it('knows names of older proxies', () => {
    assert.equal(get('cluster_name'), 'backend/default/legacy');
    assert.equal(get('xds.cluster_name'), 'backend/default/legacy');
    assert.equal(get('xds.route_name'), 'default/shop/0');
    assert.equal(get('xds.filter_chain_name'), 'default/edge/http');
    assert.equal(get('listener_direction'), 0);
    assert.equal(get('cluster_name', { info: { clusterName: '' } }), undefined);
  });

  it('knows nothing of what is not', () => {
    for (const path of [
      '',
      'request',
      'request.',
      'response.x',
      'connection.x',
      'a.b.c',
      'constructor',
    ]) {
      assert.equal(get(path), undefined, path);
    }
  });
});
