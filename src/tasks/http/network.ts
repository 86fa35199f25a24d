import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { addressRefusal } from './public-address.ts';
import { RequestRefused } from './refused.ts';

/** The addresses that a request may reach. Only tests pass another one: no payload and no setting can. */
export interface Network {
  /** Why an address is refused; undefined when it is allowed. */
  readonly refusal: (address: string) => string | undefined;
  readonly resolve: (host: string, options: LookupAllOptions) => Promise<LookupAddress[]>;
}

export const PUBLIC_NETWORK: Network = { refusal: addressRefusal, resolve: lookup };

/**
 * Checks a URL before a connection is made. A host that is an address has no lookup, so it is checked here. `URL` has
 * already converted octal, hexadecimal and short forms to decimal.
 *
 * @throws {RequestRefused}
 */
export function checkUrl(url: URL, network: Network): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new RequestRefused(`Only http and https URLs are fetched, not ${url.protocol}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new RequestRefused('A URL with a user name or password is refused');
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const refusal = isIP(host) === 0 ? undefined : network.refusal(host);
  if (refusal !== undefined) throw notPublicError(host, refusal);
}

/**
 * A lookup for `net.connect` that returns only allowed addresses. The socket connects to the address that was checked,
 * so a name that changes its address between check and use (DNS rebinding) has no effect.
 */
export function guardedLookup(network: Network): LookupFunction {
  return (host, options, callback) => {
    network.resolve(host, { ...options, all: true }).then(
      (addresses) => {
        const allowed = addresses.filter(({ address }) => network.refusal(address) === undefined);
        const [first] = allowed;
        if (first === undefined) {
          const [refused] = addresses;
          callback(notPublicError(host, refused && network.refusal(refused.address)), []);
        } else if (options.all === true) callback(null, allowed);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
}

/** Names the range, not the address: submitters must not learn the addresses of private hosts. */
const notPublicError = (host: string, range = 'no address'): RequestRefused =>
  new RequestRefused(`${host} is not at a public address (${range})`);
