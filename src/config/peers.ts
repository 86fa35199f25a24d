import { isIP } from 'node:net';
import { integer, type SettingsOf } from './setting-kinds.ts';

/** Who may call the API, from where, and how often at a time. */
export interface PeerSettings {
  readonly trustProxy: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly maxWaitersPerClient: number;
}

/** The parts of a comma separated list; undefined if one of them is wrong. */
function listOf(text: string, isRight: (part: string) => boolean): readonly string[] | undefined {
  const parts = text.split(',').map((part) => part.trim());
  return parts.every(isRight) ? [...new Set(parts)] : undefined;
}

/** An address, or a network in CIDR notation. */
function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
}

/** As a browser sends it in `Origin`. */
const isOrigin = (text: string): boolean =>
  /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;

const isHostName = (text: string): boolean =>
  text === '*' || (text.length <= 253 && /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(text));

export const PEER_SETTINGS: SettingsOf<PeerSettings> = {
  trustProxy: {
    variable: 'TRUST_PROXY',
    usedBy: 'api',
    meaning:
      'Addresses of the proxies in front of the API. Only their `X-Forwarded-For`, `X-Forwarded-Host` and `X-Forwarded-Proto` are believed. Limits for each address then count the clients behind them.',
    fallback: () => [],
    fallbackText: 'no proxy',
    expected: 'IP addresses or networks such as 10.0.0.0/8, comma separated',
    example: '127.0.0.1,10.0.0.0/8',
    parse: (value) => listOf(value, isNetwork),
  },
  allowedHosts: {
    variable: 'ALLOWED_HOSTS',
    usedBy: 'api',
    meaning:
      'Names by which clients may call the API, without port. IP addresses, `localhost` and the host of `PUBLIC_URL` are always allowed; any other `Host` gets 421. `*` allows all. Without it, the API takes any name unless `HOST` is loopback.',
    fallback: () => [],
    fallbackText: 'no other name on a loopback `HOST`; any name otherwise',
    expected: 'host names in lower case, comma separated, or *',
    example: 'millrace.example.com,millrace',
    parse: (value) => listOf(value, isHostName),
  },
  corsOrigins: {
    variable: 'CORS_ORIGINS',
    usedBy: 'api',
    meaning:
      'Origins of web pages that may call the API from a browser. There is no wildcard. Pages of other origins can neither read nor change anything.',
    fallback: () => [],
    fallbackText: 'no origin',
    expected: 'origins such as https://app.example.com, without a slash at the end, comma separated',
    example: 'https://app.example.com',
    parse: (value) => listOf(value, isOrigin),
  },
  maxConnections: integer({
    variable: 'MAX_CONNECTIONS',
    usedBy: 'api',
    meaning: 'Connections that one API process keeps open at a time. It closes further ones at once.',
    fallback: 20_000,
    min: 1,
    max: 1_000_000,
    example: 20_000,
  }),
  maxConnectionsPerAddress: integer({
    variable: 'MAX_CONNECTIONS_PER_ADDRESS',
    usedBy: 'api',
    meaning:
      'How many of these connections one address may have: an IPv4 address, or a /64 network of IPv6. Further ones get 503. Addresses in `TRUST_PROXY` have no such limit. 0: no limit.',
    fallback: 10_000,
    min: 0,
    max: 1_000_000,
    example: 1_000,
  }),
  maxWaitersPerClient: integer({
    variable: 'MAX_WAITERS_PER_CLIENT',
    usedBy: 'api',
    meaning:
      'How many waiting requests and event streams one client may have open in each API process, of all kinds together. A client is a key; without keys it is an address. Further ones get 429. 0: no limit.',
    fallback: 5_000,
    min: 0,
    max: 1_000_000,
    example: 1_000,
  }),
};
