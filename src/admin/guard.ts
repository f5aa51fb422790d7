/**
 * Who may talk to the admin address. It listens on loopback, but any page in a browser on the same
 * machine can send requests there. Two ways are closed:
 *
 * - DNS rebinding: a name of the attacker's that resolves to 127.0.0.1 makes the pages readable.
 *   So Host has to be an IP address, `localhost`, or a name the operator has given.
 * - A form or fetch of another site could POST /drain. Browsers then send Origin or
 *   Sec-Fetch-Site, so a request that names another site is refused.
 */

import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** Why a request is refused, or null. */
export function refusal(
  headers: IncomingHttpHeaders,
  allowedHosts: readonly string[],
): string | null {
  const host = headers.host ?? '';
  if (!isTrustedHost(hostnameOf(host), allowedHosts)) {
    return `the Host "${host}" is not an address of this process`;
  }
  const origin = headers.origin;
  const sameSite = origin === undefined || origin === `http://${host}`;
  const fetchSite = headers['sec-fetch-site'] ?? 'none';
  if (!sameSite || (fetchSite !== 'none' && fetchSite !== 'same-origin')) {
    return 'the request comes from a page of another site';
  }
  return null;
}

function isTrustedHost(hostname: string, allowedHosts: readonly string[]): boolean {
  if (hostname === 'localhost' || allowedHosts.includes(hostname)) return true;
  return isIP(hostname) !== 0;
}

/** `[::1]:80` and `localhost:80` without port and brackets. */
function hostnameOf(host: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::[0-9]+)?$/.exec(host);
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase();
}
