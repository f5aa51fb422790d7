/** Guests that cannot be used, told like every other problem of the configuration. */

import type { FieldPath, Problem, Resource } from '../control/resource.ts';
import { pathText } from '../control/resource.ts';
import type { GuestModule, GuestModules } from '../data/apply/guests.ts';
import { NOWHERE, resourceOf } from './places.ts';

const FETCH_REMEDY = 'Mend the URL or what is behind it; it is tried again by itself.';

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
  for (const [id, guest] of guests) {
    if (guest.reason === '' || guest.fetch === 'loading') continue;
    problems.push({
      severity: 'error',
      code: 'unusable-module',
      resource: `${kind} ${id}`,
      path: pathText(path),
      location: resourceOf(resources, kind, id)?.at(path) ?? NOWHERE,
      message: `the module cannot be used: ${guest.reason}${consequence(guest)}`,
      remedy:
        guest.fetch === 'failed' ? FETCH_REMEDY : 'Build the module again, or name another one.',
    });
  }
  return problems;
}

function consequence({ works }: GuestModule): string {
  return works ? '; the version before stays in use' : '';
}
