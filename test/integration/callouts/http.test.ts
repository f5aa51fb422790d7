/** A filter of a whole process calls a backend and a Wasm service of the same process by name. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigDir, httpAsk, Tulle } from '../support/cli.ts';
import { freePort } from '../support/data-plane.ts';
import { origin } from '../support/origin.ts';
import { backend, documents, gateway, plugin, route, service } from '../support/resources.ts';

const guest = (name: string): string =>
  `file://${fileURLToPath(new URL(`../../guests/${name}.wasm`, import.meta.url))}`;

const ask = (target: string): Record<string, string> => ({
  'x-probe': `request=call:${target}; request=pause; call=all-call; call=body-get; call=continue-request`,
});

test('calls of filters reach what resources name', async (t) => {
  const shop = await origin(t);
  const auth = await origin(t);
  const port = await freePort();
  const dir = new ConfigDir(t, {
    'mesh.yaml': documents(
      gateway(port),
      route('all', { backend: 'shop' }),
      backend('shop', shop.port),
      backend('auth', auth.port),
      service('hello', guest('cgi-hello')),
      plugin('probe', guest('abi-probe'), '{}'),
    ),
  });
  const tulle = await Tulle.start(t, dir.path);
  for (const [target, body] of [
    ['auth', 'body Some("ok")'],
    ['default/auth', 'body Some("ok")'],
    ['hello', 'path /asked'],
  ] as const) {
    tulle.err = '';
    const { status, text } = await httpAsk(port, '/', { headers: ask(target) });
    assert.deepEqual([status, text], [200, 'ok'], tulle.err);
    assert.ok(tulle.err.includes(body.replaceAll('"', '\\"')), tulle.err);
  }
  assert.equal(auth.requests(), 2);
  assert.equal(shop.requests(), 3);
  const nobody = await httpAsk(port, '/', { headers: { 'x-probe': 'request=call:nobody' } });
  assert.equal(nobody.status, 200);
  await tulle.logged('called Err(BadArgument)');
});
