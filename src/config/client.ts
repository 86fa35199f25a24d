import { parsePublicUrl } from './network.ts';
import { type SettingsOf, text } from './setting-kinds.ts';

/** Where a program that talks to the API finds it. */
export interface ClientConfig {
  /** Without a slash at the end; '' when it is not set. */
  readonly url: string;
  /** '' when it is not set. */
  readonly key: string;
}

export const CLIENT_SETTINGS: SettingsOf<ClientConfig> = {
  url: {
    variable: 'MILLRACE_URL',
    usedBy: 'client',
    meaning: 'The address of the API, if it is not at `HOST` and `PORT` of this environment.',
    fallback: () => '',
    fallbackText: 'the address of `HOST` and `PORT`',
    expected: 'an http or https URL without user, query and fragment',
    example: 'https://jobs.example.com',
    parse: parsePublicUrl,
  },
  key: text({
    variable: 'MILLRACE_KEY',
    usedBy: 'client',
    meaning: 'A key of the API, with the scope `read`.',
    fallback: '',
    expected: 'a key, as POST /keys shows it',
    example: 'mrk_1_secret',
    isSecret: true,
    accepts: (value) => /^[\w.~+/=-]+$/.test(value),
  }),
};
