import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EndpointState, endpointKey } from './endpoint.ts';

test('a key is address and port, an IPv6 address in brackets', () => {
  assert.equal(endpointKey('10.0.0.1', 80), '10.0.0.1:80');
  assert.equal(endpointKey('::1', 8080), '[::1]:8080');
  assert.equal(new EndpointState('2001:db8::1', 443, 1, () => {}).key, '[2001:db8::1]:443');
});

test('it begins healthy, listed, idle and with nothing attached', () => {
  const endpoint = new EndpointState<object>('10.0.0.1', 80, 3, () => {});
  assert.deepEqual(
    [endpoint.healthy, endpoint.removed, endpoint.activeRequests, endpoint.attachment],
    [true, false, 0, null],
  );
  assert.equal(endpoint.weight, 3);
});

test('a change of health is told, a repetition is not', () => {
  let told = 0;
  const endpoint = new EndpointState('10.0.0.1', 80, 1, () => told++);
  endpoint.healthy = true;
  assert.equal(told, 0);
  endpoint.healthy = false;
  endpoint.healthy = false;
  assert.equal(told, 1);
  endpoint.healthy = true;
  assert.equal(told, 2);
});
