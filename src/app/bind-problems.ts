/** Addresses that cannot be listened on, told once each, whatever the number of workers. */

import type { Snapshot } from '../config/snapshot.ts';
import type { Problem, Resource } from '../control/resource.ts';
import { pathText } from '../control/resource.ts';
import type { BindFailure } from '../data/apply/outcome.ts';
import { NOWHERE, resourceOf } from './places.ts';

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there; stop it or choose another port',
  EACCES: 'this user may not listen there; choose a port above 1023',
  EADDRNOTAVAIL: 'the address is none of this machine; choose one that is',
};

export function failureLine({ address, port, code }: BindFailure): string {
  return `cannot listen on ${address} port ${port} (${code}): ${REMEDIES[code] ?? 'the system refused it'}`;
}

/** With the place of the listener that asks for the address. */
export function bindProblems(
  failures: readonly BindFailure[],
  snapshot: Snapshot,
  resources: readonly Resource[],
): Problem[] {
  const once = new Map(failures.map((failure) => [failureLine(failure), failure]));
  return [...once.values()].map((failure) => {
    const { address, port, code } = failure;
    const bind = snapshot.binds.find((one) => one.address === address && one.port === port);
    const [namespace = '', name = '', section = ''] = bind?.listeners[0]?.name.split('/') ?? [];
    const gateway = resourceOf(resources, 'Gateway', `${namespace}/${name}`);
    const path = ['spec', 'listeners', listenerIndex(gateway, section), 'port'];
    return {
      severity: 'error',
      code: 'cannot-listen',
      resource: `Gateway ${namespace}/${name}`,
      path: pathText(path),
      location: gateway?.at(path) ?? NOWHERE,
      message: `cannot listen on ${address} port ${port} (${code}); it is tried again`,
      remedy: `${REMEDIES[code] ?? 'The system refused it'}.`.replace(/^./, (first) =>
        first.toUpperCase(),
      ),
    };
  });
}

function listenerIndex(gateway: Resource | undefined, section: string): number {
  const spec = gateway?.body['spec'] as { listeners?: { name?: unknown }[] } | undefined;
  return Math.max(0, spec?.listeners?.findIndex(({ name }) => name === section) ?? 0);
}
