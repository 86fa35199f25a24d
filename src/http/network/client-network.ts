import { BlockList, isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Groups of an IPv6 address that name its network: one customer has at least the other half. */
const NETWORK_GROUPS = 4;

/** An IPv4 address that came over IPv6 in its IPv4 form. */
export const plainAddress = (address: string): string =>
  address.startsWith('::ffff:') && isIPv4(address.slice(7)) ? address.slice(7) : address;

/** Some proxies write the port of the client into X-Forwarded-For. */
const withoutPort = (address: string): string =>
  address.replace(/^(\d{1,3}(?:\.\d{1,3}){3}):\d+$/, '$1').replace(/^\[(.*)\](?::\d+)?$/, '$1');

/** What limits count as one client: an IPv4 address, or the /64 network of an IPv6 address. Other text stays. */
export function clientNetwork(address: string): string {
  const plain = plainAddress(withoutPort(address));
  const [bare = ''] = plain.split('%', 1);
  if (!isIPv6(bare)) return plain;
  const groups = ipaddr.IPv6.parse(bare).parts.slice(0, NETWORK_GROUPS);
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`;
}

/** Whether an address is one of these, or in one of these networks. */
export function addressTest(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (address) => {
    const plain = plainAddress(address);
    return list.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
  };
}
