import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Azure's wire server: a platform service for every virtual machine, at an address in the public range. */
const AZURE_PLATFORM = '168.63.129.16';

/** The range that IANA allocates for global unicast. Excludes IPv4-compatible addresses and future special prefixes. */
const IPV6_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * The name of the range for which an address is refused (`loopback`, `private`, `linkLocal` and so on); undefined for a
 * public unicast address. An IPv4-mapped IPv6 address is checked by its IPv4 address. Other translations (NAT64, 6to4,
 * Teredo) are refused.
 *
 * @param address IPv4 or IPv6 without brackets. Other text is refused as `invalid`.
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

/** ipaddr.js reads `::1.2.3.4` as IPv4-mapped, a socket as IPv4-compatible. Hexadecimal is unambiguous. */
const canonical = (address: string): string =>
  isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
