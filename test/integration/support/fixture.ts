/** What most tests need: backends, a data plane before them, and all of it closed at the end. */

import type { TestContext } from 'node:test';
import type { Cluster } from '../../../src/config/cluster.ts';
import type { ClientSettings } from '../../../src/config/listener.ts';
import type { Rule } from '../../../src/config/route.ts';
import { cluster, rule, startPlane, type TestPlane } from './data-plane.ts';
import { type Handler, RawBackend, type Script } from './raw-backend.ts';
import { RawClient } from './raw-client.ts';

export interface FixtureOptions {
  readonly rule?: Partial<Rule>;
  readonly cluster?: Partial<Cluster>;
  readonly client?: Partial<ClientSettings>;
}

/** One backend, closed with the test. */
export async function serving(t: TestContext, handler?: Handler): Promise<RawBackend> {
  const backend = await RawBackend.serving(handler);
  t.after(() => backend.close());
  return backend;
}

export async function scripted(t: TestContext, script: Script): Promise<RawBackend> {
  const backend = await RawBackend.scripted(script);
  t.after(() => backend.close());
  return backend;
}

/** A data plane with one cluster of these backends behind one rule. */
export async function planeFor(
  t: TestContext,
  backends: readonly RawBackend[],
  options: FixtureOptions = {},
): Promise<TestPlane> {
  const plane = await startPlane({
    rules: [rule(options.rule)],
    clusters: [
      cluster(
        backends.map(({ endpoint }) => endpoint),
        options.cluster,
      ),
    ],
    ...(options.client === undefined ? {} : { client: options.client }),
  });
  t.after(() => plane.close());
  return plane;
}

export async function clientOf(t: TestContext, plane: Pick<TestPlane, 'port'>): Promise<RawClient> {
  const client = await RawClient.connect(plane.port);
  t.after(() => client.close());
  return client;
}
