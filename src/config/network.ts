import { integer, type SettingsOf, text } from './setting-kinds.ts';

/** Without a slash at the end, so that paths can follow. */
export function parsePublicUrl(value: string): string | undefined {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) return undefined;
  const { username, search, hash, origin, pathname } = new URL(value);
  return username + search + hash === '' ? `${origin}${pathname}`.replace(/\/+$/, '') : undefined;
}

/** Where the API listens, and how clients reach it. */
export interface NetworkSettings {
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string;
}

export const NETWORK_SETTINGS: SettingsOf<NetworkSettings> = {
  host: text({
    variable: 'HOST',
    usedBy: 'api',
    meaning: 'Address to listen on. On one that other machines reach, AUTH must be set.',
    fallback: '127.0.0.1',
    expected: 'an address or host name',
    example: '0.0.0.0',
    accepts: (value) => /^[A-Za-z0-9_.:-]+$/.test(value),
  }),
  port: integer({
    variable: 'PORT',
    usedBy: 'api',
    meaning: 'Port to listen on. 0: any free port.',
    fallback: 3_000,
    min: 0,
    max: 65_535,
    example: 3_000,
  }),
  publicUrl: {
    variable: 'PUBLIC_URL',
    usedBy: 'api',
    meaning:
      'Where clients reach the API, if not at the root of the address that they call: behind a proxy with a path prefix. `Location` and the OpenAPI document name it. The API takes requests with and without the prefix.',
    fallback: () => '',
    fallbackText: 'the address that is called',
    expected: 'an http or https URL without user, query and fragment',
    example: 'https://example.com/millrace',
    parse: parsePublicUrl,
  },
};
