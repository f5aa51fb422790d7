/** Hosts and ports of authorities, as filters write them. */

/** RFC 3986 3.2: a name, an IPv4 address or an IPv6 literal, and perhaps a port. */
const AUTHORITY = /^(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** Why a host cannot be written into a request or an answer, with a remedy, or null. */
export function hostProblem(host: string): string | null {
  return AUTHORITY.test(host)
    ? null
    : `"${host}" is not a host; use a DNS name such as example.com`;
}

/** `host` in lower case, or '' where it cannot be used. */
export function usableHost(host: string): string {
  return hostProblem(host) === null ? host.toLowerCase() : '';
}

/** An authority without its port; an IPv6 literal keeps its brackets. */
export function withoutPort(authority: string): string {
  const colon = authority.lastIndexOf(':');
  return colon < 0 || authority.endsWith(']') ? authority : authority.slice(0, colon);
}
