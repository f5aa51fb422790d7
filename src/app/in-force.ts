/**
 * What is in force, and what of a new configuration takes its place. A guest that cannot be loaded,
 * or does not start, does not take the place of one that works: filter or service stays as it was,
 * with the configuration it had, and the reason is told. Pure.
 */

import type { Callee } from '../config/callee.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { GuestModule, GuestModules } from '../data/apply/guests.ts';
import type { FilterFailure } from '../data/apply/outcome.ts';

export interface InForce {
  readonly snapshot: Snapshot;
  readonly guests: GuestModules;
}

interface Kept<T> {
  readonly items: readonly T[];
  readonly guests: ReadonlyMap<string, GuestModule>;
}

/** `failures`: filters of `next` that were tried and do not start. */
export function keepWorking(
  next: InForce,
  before: InForce | null,
  failures: readonly FilterFailure[] = [],
): InForce {
  const failed = new Map(failures.map(({ id, problem }) => [id, problem]));
  const filters = kept(
    { items: next.snapshot.filters, guests: next.guests.filters },
    { items: before?.snapshot.filters ?? [], guests: before?.guests.filters ?? new Map() },
    failed,
  );
  const services = kept(
    { items: next.snapshot.services, guests: next.guests.services },
    { items: before?.snapshot.services ?? [], guests: before?.guests.services ?? new Map() },
    new Map(),
  );
  const callees =
    before === null || sameItems(filters.items, next.snapshot.filters)
      ? next.snapshot.callees
      : withOld(next.snapshot, before.snapshot.callees);
  return {
    snapshot: { ...next.snapshot, filters: filters.items, services: services.items, callees },
    guests: { filters: filters.guests, services: services.guests },
  };
}

/** What an old version of a filter calls, as long as there is a cluster for it. */
function withOld({ callees, clusters }: Snapshot, old: readonly Callee[]): readonly Callee[] {
  const isReachable = ({ cluster }: Callee): boolean =>
    clusters.some(({ name }) => name === cluster);
  const isNew = ({ cluster, port }: Callee): boolean =>
    !callees.some((callee) => callee.cluster === cluster && callee.port === port);
  return [...callees, ...old.filter((callee) => isReachable(callee) && isNew(callee))];
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.every((item, index) => item === b[index]);
}

function kept<T extends { readonly id: string }>(
  next: Kept<T>,
  before: Kept<T>,
  failed: ReadonlyMap<string, string>,
): Kept<T> {
  const guests = new Map(next.guests);
  const items = next.items.map((item) => {
    const guest = next.guests.get(item.id);
    const problem = failed.get(item.id) ?? '';
    if (guest === undefined || (guest.works && problem === '')) return item;
    const reason = guest.works ? problem : guest.reason;
    const old = before.items.find(({ id }) => id === item.id);
    const oldGuest = before.guests.get(item.id);
    if (old === undefined || oldGuest === undefined || !oldGuest.works) {
      guests.set(item.id, { ...guest, reason, works: false });
      return item;
    }
    const fetch = guest.fetch === undefined ? {} : { fetch: guest.fetch };
    guests.set(item.id, { ...oldGuest, reason, ...fetch });
    return old;
  });
  return { items, guests };
}
