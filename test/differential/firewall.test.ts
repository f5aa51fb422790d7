/**
 * A real web application firewall as a filter: Coraza with the OWASP core rule set, 30 MB of Go.
 * With FIREWALL_BESIDE_ENVOY=1 Envoy runs it too (it needs most of a minute to start), and Tulle
 * must be ready sooner and in less than half of its memory.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RawClient } from '../integration/support/raw-client.ts';
import { envoyCommand, findEnvoy } from './support/envoy.ts';
import { buildFirewall } from './support/firewall.ts';
import { Host, type Launch } from './support/host.ts';
import type { Setup } from './support/setup.ts';
import { tulleCommand } from './support/tulle.ts';

const READY_MS = 60_000;
const BROWSER = 'user-agent: Mozilla/5.0\r\naccept: */*\r\n';

const built = buildFirewall();
const skip = 'reason' in built ? built.reason : false;
const envoy = process.env['FIREWALL_BESIDE_ENVOY'] === '1' ? findEnvoy() : null;

const SETUP: Setup = {
  name: 'firewall',
  filters: [
    {
      name: 'firewall',
      module: 'path' in built ? built.path : '',
      failOpen: false,
      configuration: 'SecRuleEngine On',
      // Its first requests run code that has not been compiled yet.
      cpuLimit: '1s',
    },
  ],
};

interface Running {
  readonly host: Host;
  /** From the start of the process to the first request that passed. */
  readonly readyMs: number;
}

async function status(host: Host, target: string, body: string | null = null): Promise<number> {
  const client = await RawClient.connect(host.port(SETUP.name));
  try {
    const type = 'content-type: application/x-www-form-urlencoded\r\n';
    const length = body === null ? '' : `${type}content-length: ${body.length}\r\n`;
    const method = body === null ? 'GET' : 'POST';
    const head = `${method} ${target} HTTP/1.1\r\nhost: shop.example\r\n${BROWSER}${length}\r\n`;
    client.send(head + (body ?? ''));
    return (await client.answer()).status;
  } finally {
    client.close();
  }
}

async function start(launch: Launch): Promise<Running> {
  const startedMs = performance.now();
  const host = await Host.start(launch, [SETUP]);
  // Until the filter serves there is no answer, or one that says so.
  while ((await status(host, '/').catch(() => 0)) !== 200) {
    if (performance.now() - startedMs > READY_MS) {
      await host.close();
      throw new Error(`not ready; it printed:\n${host.notes.tail.join('\n')}`);
    }
    await delay(20);
  }
  return { host, readyMs: performance.now() - startedMs };
}

function residentMb({ pid }: Host): number {
  const [, kb = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kb) / 1024;
}

const REQUESTS: readonly (readonly [
  what: string,
  target: string,
  body: string | null,
  status: number,
])[] = [
  ['a plain request', '/', null, 200],
  ['a harmless query', '/?q=hello+world', null, 200],
  ['a script in a query', '/?q=%3Cscript%3Ealert(1)%3C/script%3E', null, 403],
  ['SQL in a query', '/?id=1%27%20OR%20%271%27=%271%27%20--%20', null, 403],
  ['a path out of the root', '/?file=../../../../etc/passwd', null, 403],
  ['a harmless form', '/login', 'user=me&password=secret', 200],
  ['SQL in a form', '/login', 'user=1%27%20UNION%20SELECT%20password%20FROM%20users--', 403],
];

describe('a web application firewall as a filter', { skip }, () => {
  let tulle: Running;

  before(async () => {
    tulle = await start(tulleCommand);
  });

  after(() => tulle?.host.close());

  for (const [what, target, body, wanted] of REQUESTS) {
    it(`${wanted === 200 ? 'lets pass' : 'stops'} ${what}`, async () => {
      assert.equal(await status(tulle.host, target, body), wanted);
    });
  }

  it('is ready soon', (t) => {
    t.diagnostic(
      `ready after ${Math.round(tulle.readyMs)} ms, ${Math.round(residentMb(tulle.host))} MB`,
    );
    assert.ok(tulle.readyMs < 15_000);
  });

  const beside =
    envoy === null ? 'asked for by FIREWALL_BESIDE_ENVOY=1, with Envoy installed' : false;
  it('does as in Envoy, in less than half of the memory', {
    skip: beside,
  }, async (t: TestContext) => {
    const theirs = await start((dir, setups, to) => envoyCommand(envoy ?? '', dir, setups, to));
    t.after(() => theirs.host.close());
    for (const [what, target, body, wanted] of REQUESTS) {
      assert.equal(await status(theirs.host, target, body), wanted, what);
    }
    const [ours, envoys] = [residentMb(tulle.host), residentMb(theirs.host)];
    t.diagnostic(`Envoy: ready after ${Math.round(theirs.readyMs)} ms, ${Math.round(envoys)} MB`);
    assert.ok(ours < envoys / 2, `${Math.round(ours)} MB beside ${Math.round(envoys)} MB`);
    assert.ok(tulle.readyMs < theirs.readyMs / 2);
  });
});
