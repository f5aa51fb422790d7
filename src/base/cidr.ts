/**
 * Is an address in one of these networks? For lists of trusted proxies, so it errs on the side of
 * no. IPv4 addresses and their IPv6 form (`::ffff:10.0.0.1`, what a dual-stack socket reports) are
 * the same address; an IPv6 network wider than that form, `::/0` say, holds no IPv4 address.
 */

import { isIP } from 'node:net';

/** Eight 16-bit groups; IPv4 in its mapped form. */
type Groups = Uint16Array;

interface Network {
  readonly groups: Groups;
  readonly prefixBits: number;
  readonly mapped: boolean;
}

const MAPPED_PREFIX_BITS = 96;
/** Peers come back: a proxy's requests share a handful of addresses. */
const REMEMBERED_MAX = 8;

/**
 * Compiles entries such as `10.0.0.0/8`, `2001:db8::/32` or a single address; bits after the prefix
 * are ignored. Throws an Error that names the first bad entry. The function returned never throws:
 * what is no address is in no network.
 */
export function compileCidrs(list: readonly string[]): (ip: string) => boolean {
  const networks = list.map(parseNetwork);
  const groups: Groups = new Uint16Array(8);
  const addresses: string[] = [];
  const answers: boolean[] = [];
  let oldest = 0;
  return (ip) => {
    const known = addresses.indexOf(ip);
    if (known !== -1) return answers[known] as boolean;
    if (!parseAddress(ip, groups)) return false;
    const answer = networks.some((network) => holds(network, groups));
    addresses[oldest] = ip;
    answers[oldest] = answer;
    oldest = (oldest + 1) % REMEMBERED_MAX;
    return answer;
  };
}

function parseNetwork(entry: string): Network {
  const slash = entry.indexOf('/');
  const address = slash === -1 ? entry : entry.slice(0, slash);
  const groups: Groups = new Uint16Array(8);
  // A zone names an interface of one machine, which says nothing about a network.
  if (address.includes('%') || !parseAddress(address, groups)) {
    throw new Error(`"${entry}" is not an address or network: write 10.0.0.0/8 or 2001:db8::/32`);
  }
  const bits = isIP(address) === 4 ? 32 : 128;
  const prefix = slash === -1 ? String(bits) : entry.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > bits) {
    throw new Error(`"${entry}" has a bad prefix length: write a number from 0 to ${bits}`);
  }
  const prefixBits = Number(prefix) + 128 - bits;
  return { groups, prefixBits, mapped: isMapped(groups) && prefixBits >= MAPPED_PREFIX_BITS };
}

function holds(network: Network, groups: Groups): boolean {
  if (network.mapped !== isMapped(groups)) return false;
  const whole = network.prefixBits >> 4;
  for (let i = 0; i < whole; i++) {
    if (network.groups[i] !== groups[i]) return false;
  }
  const rest = network.prefixBits & 15;
  if (rest === 0) return true;
  const difference = (network.groups[whole] as number) ^ (groups[whole] as number);
  return difference >> (16 - rest) === 0;
}

function isMapped(groups: Groups): boolean {
  for (let i = 0; i < 5; i++) {
    if (groups[i] !== 0) return false;
  }
  return groups[5] === 0xffff;
}

/** Fills `groups`; false when `ip` is not an address. A zone (`fe80::1%eth0`) is left out. */
function parseAddress(ip: string, groups: Groups): boolean {
  const family = isIP(ip);
  if (family === 0) return false;
  groups.fill(0);
  if (family === 4) {
    groups[5] = 0xffff;
    fillDotted(ip, groups);
    return true;
  }
  const zone = ip.indexOf('%');
  const address = zone === -1 ? ip : ip.slice(0, zone);
  // RFC 4291 2.2: the last 32 bits may be written as IPv4; the groups' places hold 0 meanwhile.
  const dotted = address.includes('.') ? address.slice(address.lastIndexOf(':') + 1) : '';
  const hex = dotted === '' ? address : `${address.slice(0, -dotted.length)}0:0`;
  const gap = hex.indexOf('::');
  const head = (gap === -1 ? hex : hex.slice(0, gap)).split(':');
  for (const [i, group] of head.entries()) groups[i] = Number.parseInt(group || '0', 16);
  if (gap !== -1) {
    const tail = hex.slice(gap + 2).split(':');
    for (const [i, group] of tail.entries()) {
      groups[8 - tail.length + i] = Number.parseInt(group || '0', 16);
    }
  }
  if (dotted !== '') fillDotted(dotted, groups);
  return true;
}

function fillDotted(dotted: string, groups: Groups): void {
  const bytes = dotted.split('.');
  groups[6] = Number(bytes[0]) * 256 + Number(bytes[1]);
  groups[7] = Number(bytes[2]) * 256 + Number(bytes[3]);
}
