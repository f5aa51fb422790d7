import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compileFormat, jsonFormat } from './access-format.ts';
import { jsonEscape, textEscape } from './escape.ts';
import { isFormatError } from './format-error.ts';
import type { StreamInfo } from './stream-info.ts';
import { streamInfo } from './testing/stream-info.ts';

function line(format: string, changes: Partial<StreamInfo> = {}): string {
  const compiled = compileFormat(format);
  if (isFormatError(compiled)) assert.fail(compiled.error);
  return compiled(streamInfo(changes));
}

function errorOf(format: string): string {
  const compiled = compileFormat(format);
  if (!isFormatError(compiled)) assert.fail(`${format} compiles`);
  return compiled.error;
}

test('the JSON line has its documented fields', () => {
  assert.deepEqual(JSON.parse(line('json')), {
    time: '2026-01-02T03:04:05.067Z',
    request_id: '9b2f6c1e',
    method: 'GET',
    authority: 'shop.example.com',
    path: '/api/items?page=2',
    protocol: 'HTTP/1.1',
    status: 200,
    details: 'via_upstream',
    flags: '',
    duration_ms: 5.062,
    request_ms: 1.5,
    response_ms: 4.25,
    received_bytes: 3,
    sent_bytes: 12,
    attempts: 1,
    remote: '10.0.0.9:40000',
    local: '[::1]:8080',
    upstream: '127.0.0.1:9000',
    listener: 'default/edge/http',
    route: 'default/shop/0',
    cluster: 'backend/default/legacy',
    user_agent: 'curl/8.5',
  });
});

test('what did not happen is null or empty in JSON', () => {
  const changes = { requestEndMs: -1, responseStartMs: -1, upstreamAddress: '', requestFields: [] };
  const parsed = JSON.parse(line('json', changes)) as Record<string, unknown>;
  assert.equal(parsed['request_ms'], null);
  assert.equal(parsed['response_ms'], null);
  assert.equal(parsed['upstream'], '');
  assert.equal(parsed['user_agent'], '');
});

test('one compiled format follows every change from line to line', () => {
  const format = jsonFormat();
  const changes: Partial<StreamInfo>[] = [
    { clusterName: 'one' },
    { clusterName: 'two' },
    { routeName: 'r2', clusterName: 'two' },
    { upstreamAddress: '1.1.1.1:1' },
    { listenerName: 'other' },
    { requestFields: ['user-agent', 'wget'] },
    {},
  ];
  for (const change of changes) {
    const info = streamInfo(change);
    const parsed = JSON.parse(format(info)) as Record<string, unknown>;
    assert.equal(parsed['cluster'], info.clusterName);
    assert.equal(parsed['route'], info.routeName);
    assert.equal(parsed['upstream'], info.upstreamAddress);
    assert.equal(parsed['listener'], info.listenerName);
    assert.equal(parsed['user_agent'], change.requestFields === undefined ? 'curl/8.5' : 'wget');
  }
});

test('text from outside cannot break a JSON line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (target, agent) => {
      const text = line('json', { originalTarget: target, requestFields: ['user-agent', agent] });
      assert.match(text, /^[ -~]*$/);
      const parsed = JSON.parse(text) as Record<string, unknown>;
      assert.equal(parsed['path'], target);
      assert.equal(parsed['user_agent'], agent);
    }),
  );
});

test('escapes agree with JSON, and text stays one printable line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      assert.equal(JSON.parse(`"${jsonEscape(value)}"`), value);
      assert.match(textEscape(value), /^[ -~]*$/);
    }),
  );
  assert.equal(textEscape('a"b\\c\n\u00e9\u20ac'), 'a\\x22b\\x5Cc\\x0A\\xE9\\u20AC');
});

test('"text" is the default format of Envoy', () => {
  assert.equal(
    line('text'),
    '[2026-01-02T03:04:05.067Z] "GET /api/items?page=2 HTTP/1.1" 200 - 3 12 5 - ' +
      '"10.1.1.1" "curl/8.5" "9b2f6c1e" "shop.example.com" "127.0.0.1:9000"',
  );
});

test('every operator', () => {
  const expected: [string, string][] = [
    ['%START_TIME(%s.%3f)%', '1767323045.067'],
    [
      '%REQ(User-Agent)%|%REQ(:AUTHORITY)%|%REQ(:PATH)%',
      'curl/8.5|shop.example.com|/api/items?page=2',
    ],
    ['%REQ(X-None?User-Agent)%|%REQ(X-None)%|%REQ(X-None?Y)%', 'curl/8.5|-|-'],
    ['%REQ(USER-AGENT):4%|%PROTOCOL:100%', 'curl|HTTP/1.1'],
    ['%REQ(X-REQUEST-ID)% %STREAM_ID%', '9b2f6c1e 9b2f6c1e'],
    ['%RESP(Content-Type)% %RESP(:STATUS)% %RESP(x)%', 'text/plain 200 -'],
    ['%RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS%', '200 via_upstream -'],
    ['%BYTES_RECEIVED% %BYTES_SENT%', '3 12'],
    ['%REQUEST_HEADERS_BYTES% %RESPONSE_HEADERS_BYTES%', '120 80'],
    ['%DURATION% %REQUEST_DURATION% %RESPONSE_DURATION% %RESPONSE_TX_DURATION%', '5 2 4 1'],
    ['%UPSTREAM_HOST% %UPSTREAM_REMOTE_ADDRESS%', '127.0.0.1:9000 127.0.0.1:9000'],
    ['%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %UPSTREAM_REMOTE_PORT%', '127.0.0.1 9000'],
    ['%UPSTREAM_CLUSTER% %ROUTE_NAME%', 'backend/default/legacy default/shop/0'],
    ['%LISTENER_NAME% %UPSTREAM_REQUEST_ATTEMPT_COUNT%', 'default/edge/http 1'],
    ['%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_REMOTE_PORT%', '10.0.0.9:40000 40000'],
    ['%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%', '10.0.0.9'],
    ['%DOWNSTREAM_LOCAL_ADDRESS%', '[::1]:8080'],
    ['%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_LOCAL_PORT%', '::1 8080'],
    ['%REQ_WITHOUT_QUERY% %REQ_WITHOUT_QUERY(:PATH)%', '/api/items /api/items'],
    ['%HOSTNAME%', hostname()],
  ];
  for (const [format, text] of expected) assert.equal(line(format), text, format);
  assert.equal(line('100%% of %PROTOCOL%\n'), '100% of HTTP/1.1');
});

test('what did not happen is a dash in text', () => {
  const format =
    '%REQUEST_DURATION% %RESPONSE_DURATION% %RESPONSE_TX_DURATION% %UPSTREAM_HOST% ' +
    '%UPSTREAM_REMOTE_PORT% %UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %ROUTE_NAME% %RESP(:STATUS)%';
  const changes = {
    requestEndMs: -1,
    responseStartMs: -1,
    upstreamAddress: '',
    routeName: '',
    status: 0,
  };
  assert.equal(line(format, changes), '- - - - - - - -');
});

test('repeated fields are joined, values are escaped', () => {
  const requestFields = ['x-a', 'one', 'x-b', 'no', 'x-a', 't"wo\n'];
  assert.equal(line('%REQ(X-A)%', { requestFields }), 'one,t\\x22wo\\x0A');
});

test('mistakes are named with a remedy', () => {
  assert.match(
    errorOf('%RESPONSE_COD%'),
    /unknown operator %RESPONSE_COD%, did you mean "RESPONSE_CODE"\?/,
  );
  assert.match(
    errorOf('%CONNECTION_ID% %X%'),
    /unknown operator %CONNECTION_ID%; there are START_TIME/,
  );
  assert.match(errorOf('%constructor%'), /is not an operator/);
  assert.match(errorOf('%PROTOCOL'), /"%PROTOCOL" is not an operator; write %NAME%/);
  assert.match(errorOf('%PROTOCOL(x)%'), /takes no argument/);
  assert.match(errorOf('%HOSTNAME(x)%'), /takes no argument/);
  assert.match(errorOf('%REQ%'), /takes a field name/);
  assert.match(errorOf('%REQ(A?B?C)%'), /takes a field name/);
  assert.match(errorOf('%REQ(A)x %RESP(B)%'), /takes a field name/);
  assert.match(
    errorOf('%REQ(:METOD)%'),
    /unknown field ":metod" in %REQ\(\.\.\.\)%, did you mean ":method"/,
  );
  assert.match(errorOf('%START_TIME(%Q)%'), /unknown time conversion/);
  assert.match(errorOf('%PROTOCOL%\n%PROTOCOL%'), /one line of printable ASCII/);
  assert.match(errorOf('jsn'), /did you mean "json"/);
  assert.match(errorOf('apache'), /write json, text, or a template/);
});

test('no template throws, and every line is printable', () => {
  const piece = fc.constantFrom(
    '%',
    '(',
    ')',
    ':',
    '5',
    'REQ',
    'START_TIME',
    'X-A',
    '?',
    ' ',
    '%Y',
    'é',
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const compiled = compileFormat(`%%${pieces.join('')}`);
      if (!isFormatError(compiled)) assert.match(compiled(streamInfo()), /^[\t -~]*$/);
    }),
  );
});
