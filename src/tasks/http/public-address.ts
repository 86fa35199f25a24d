import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Azure's wire server: a platform service for every virtual machine, at an address that looks public. */
const AZURE_PLATFORM = '168.63.129.16';

/** All that IANA has given out for global unicast: leaves out IPv4-compatible and every future special prefix. */
const IPV6_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Why a connection to this address is refused, as the name of its range (`loopback`, `private`, `linkLocal`
 * and so on), or undefined for a public unicast address. An IPv6 address that wraps an IPv4 one is judged
 * by the inner address where it is IPv4-mapped; other translations (NAT64, 6to4, Teredo) are refused.
 *
 * @param address IPv4 or IPv6 without brackets; whatever is not an address is refused as `invalid`.
 */
export function addressRefusal(address: string): string | undefined {
  if (address.includes('%')) return 'zoned';
  if (!isIPv4(address) && !isIPv6(address)) return 'invalid';
  const parsed = ipaddr.process(canonical(address));
  const range = parsed.range();
  if (range !== 'unicast') return range;
  if (parsed instanceof ipaddr.IPv6) {
    return parsed.match(IPV6_UNICAST) ? undefined : 'reserved';
  }
  return parsed.toString() === AZURE_PLATFORM ? 'platform' : undefined;
}

/** ipaddr.js reads `::1.2.3.4` as IPv4-mapped, a connection as IPv4-compatible; hexadecimal leaves no doubt. */
const canonical = (address: string): string =>
  isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
