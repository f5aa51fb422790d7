/** Modules that cannot be used, told like every other problem of the configuration. */

import type { FieldPath, Location, Problem, Resource } from '../control/resource.ts';
import { pathText } from '../control/resource.ts';
import type { GuestModule, GuestModules } from '../data/apply/guests.ts';

const NOWHERE: Location = { file: '', line: 1, column: 1 };

/** `resources`: what the guests were configured by. */
export function guestProblems(guests: GuestModules, resources: readonly Resource[]): Problem[] {
  return [
    ...problemsOf('WasmPlugin', ['spec', 'url'], guests.filters, resources),
    ...problemsOf('WasmService', ['spec', 'module'], guests.services, resources),
  ];
}

function problemsOf(
  kind: string,
  path: FieldPath,
  guests: ReadonlyMap<string, GuestModule>,
  resources: readonly Resource[],
): Problem[] {
  const problems: Problem[] = [];
  for (const [id, { reason }] of guests) {
    if (reason === '') continue;
    const owner = resources.find(
      (one) => one.kind === kind && `${one.namespace}/${one.name}` === id,
    );
    problems.push({
      severity: 'error',
      code: 'unusable-module',
      resource: `${kind} ${id}`,
      path: pathText(path),
      location: owner?.at(path) ?? NOWHERE,
      message: `the module cannot be used: ${reason}`,
      remedy: 'Build the module again, or name another one.',
    });
  }
  return problems;
}
