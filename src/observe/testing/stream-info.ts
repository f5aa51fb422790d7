import type { StreamInfo } from '../stream-info.ts';

/** A plain, successful GET through a backend, with what a test changes. */
export function streamInfo(changes: Partial<StreamInfo> = {}): StreamInfo {
  return {
    startWallMs: Date.UTC(2026, 0, 2, 3, 4, 5, 67),
    startMs: 1_000,
    method: 'GET',
    originalTarget: '/api/items?page=2',
    authority: 'shop.example.com',
    protocol: 'HTTP/1.1',
    requestId: '9b2f6c1e',
    requestFields: [
      'host',
      'shop.example.com',
      'user-agent',
      'curl/8.5',
      'x-forwarded-for',
      '10.1.1.1',
    ],
    responseFields: ['content-type', 'text/plain', 'content-length', '12'],
    status: 200,
    statusDetails: 'via_upstream',
    responseFlags: '',
    requestBodyBytes: 3,
    responseBodyBytes: 12,
    requestHeadBytes: 120,
    responseHeadBytes: 80,
    requestEndMs: 1.5,
    responseStartMs: 4.25,
    endMs: 5.0625,
    connectionId: 1,
    filterState: null,
    downstreamRemoteAddress: '10.0.0.9:40000',
    downstreamLocalAddress: '[::1]:8080',
    upstreamAddress: '127.0.0.1:9000',
    listenerName: 'default/edge/http',
    routeName: 'default/shop/0',
    clusterName: 'backend/default/legacy',
    attempts: 1,
    ...changes,
  };
}
