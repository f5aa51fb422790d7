/**
 * Hostnames of listeners and routes (Gateway API, HTTPRoute.spec.hostnames). A wildcard stands for
 * one or more labels: `*.example.com` covers `a.b.example.com`, not `example.com`.
 */

/** The hosts both patterns cover, as one pattern; null if there are none. '' is any host. */
export function intersectHostname(a: string, b: string): string | null {
  if (a === b || b === '') return a;
  if (a === '') return b;
  if (covers(a, b)) return b;
  return covers(b, a) ? a : null;
}

function covers(wildcard: string, hostname: string): boolean {
  return (
    wildcard.startsWith('*.') &&
    hostname.length >= wildcard.length &&
    hostname.endsWith(wildcard.slice(1))
  );
}

const ANY: readonly string[] = [];

/**
 * A route's hostnames (lower case) narrowed to those of a listener: empty where the route names
 * none and so takes all of the listener's; null where they have no host in common.
 */
export function narrowHostnames(
  listener: string,
  hostnames: readonly string[],
): readonly string[] | null {
  if (hostnames.length === 0) return ANY;
  if (listener === '') return hostnames;
  const narrowed: string[] = [];
  for (const hostname of hostnames) {
    const common = intersectHostname(listener, hostname);
    if (common !== null && !narrowed.includes(common)) narrowed.push(common);
  }
  return narrowed.length === 0 ? null : narrowed;
}
