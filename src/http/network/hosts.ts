import { isIP } from 'node:net';
import { isLoopback } from '../../config/access.ts';

/** Names that a browser takes for this machine itself (RFC 6761, 6.3). */
const LOOPBACK_NAME = /(^|\.)localhost$/;

export interface HostNames {
  readonly host: string;
  readonly publicUrl: string;
  readonly allowedHosts: readonly string[];
}

/**
 * Whether a `Host` header names this API; undefined where any name does.
 *
 * A page of a foreign site can let its own name lead to this machine, and then reads the API as its own origin (DNS
 * rebinding). An IP address cannot be used so: the page would have to come from this API.
 */
export function hostTest({
  host,
  publicUrl,
  allowedHosts,
}: HostNames): ((header: string) => boolean) | undefined {
  if (allowedHosts.includes('*') || (allowedHosts.length === 0 && !isLoopback(host))) return undefined;
  const names = new Set(allowedHosts);
  if (publicUrl !== '') names.add(new URL(publicUrl).hostname);
  // Most clients send the same header again and again.
  let known = '';
  return (header) => {
    if (header === known) return true;
    const name = nameOf(header);
    const isAllowed =
      names.has(name) || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0 || LOOPBACK_NAME.test(name);
    if (isAllowed) known = header;
    return isAllowed;
  };
}

/** The name in a `Host` header, without its port and the dot of a full name. */
const nameOf = (header: string): string => header.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
