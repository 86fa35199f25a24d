import { BlockList, isIP } from 'node:net';
import type { NetworkSettings } from './network.ts';
import { type Check, integer, oneOf, type SettingsOf, text } from './setting-kinds.ts';

const AUTH = ['off', 'keys'] as const;

/** Who may use the API. */
export interface AccessSettings {
  readonly auth: (typeof AUTH)[number];
  /** '' for none. */
  readonly adminKey: string;
  readonly auditMax: number;
}

/** RFC 6750 allows fewer characters, but all of these pass in a header. */
const ADMIN_KEY = /^[\x21-\x7e]{32,512}$/;

export const ACCESS_SETTINGS: SettingsOf<AccessSettings> = {
  auth: oneOf({
    variable: 'AUTH',
    usedBy: 'api',
    meaning:
      'Who may use the API. `off`: everyone who reaches it. `keys`: every request but `GET /livez` and `GET /readyz` needs a key; see docs/how-to/security.md. On a HOST that is not loopback you must say which.',
    values: AUTH,
    fallback: 'off',
    fallbackText: '`off` on a loopback HOST, else none',
    example: 'keys',
  }),
  adminKey: text({
    variable: 'ADMIN_KEY',
    usedBy: 'api',
    meaning:
      'A first key, with every scope. `AUTH=keys` needs it until there is a key with the scope `admin`. Make one with `openssl rand -hex 32`.',
    fallback: '',
    fallbackText: 'none',
    expected: '32 to 512 visible ASCII characters without spaces',
    example: '$(openssl rand -hex 32)',
    isSecret: true,
    accepts: (value) => ADMIN_KEY.test(value),
  }),
  auditMax: integer({
    variable: 'AUDIT_MAX',
    usedBy: 'api',
    meaning: 'Calls that `GET /audit` keeps: so many that managed something, and so many that were refused.',
    fallback: 10_000,
    min: 1,
    max: 1_000_000,
    example: 10_000,
  }),
};

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Whether only programs on this machine reach the address. */
export function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  return loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

/** An API that others reach must not be open by accident. */
export const mustSayAuth: Check<AccessSettings & NetworkSettings> = {
  usedBy: 'api',
  faultOf: ({ host }, isGiven) =>
    isGiven('AUTH') || isLoopback(host)
      ? undefined
      : `AUTH is not set, and other machines can reach HOST=${host}: set AUTH=keys and ADMIN_KEY, or AUTH=off if everyone who reaches the port may do everything`,
};
