import { type AccessSettings, isLoopback } from './access.ts';
import { type Check, type SettingsOf, text } from './setting-kinds.ts';

/** Which tokens (JWT) are accepted beside keys; '' for none. */
export interface TokenSettings {
  readonly jwksUrl: string;
  readonly jwksFile: string;
  readonly jwtIssuer: string;
  readonly jwtAudience: string;
}

/** Over plain HTTP somebody in between could put in his own keys. */
function isJwksUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, hash } = new URL(value);
  if (username + password + hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[(.*)\]$/, '$1')));
}

const optional = (setting: Omit<Parameters<typeof text>[0], 'usedBy' | 'fallback' | 'fallbackText'>) =>
  text({ ...setting, usedBy: 'api', fallback: '', fallbackText: 'none' });

export const TOKEN_SETTINGS: SettingsOf<TokenSettings> = {
  jwksUrl: optional({
    variable: 'JWKS_URL',
    meaning:
      'Where the keys are that verify tokens (JSON Web Key Set). With it, `AUTH=keys` also takes JWTs; see docs/how-to/security.md. Needs JWT_ISSUER and JWT_AUDIENCE.',
    expected: 'an https URL, or an http URL of this machine, without user and fragment',
    example: 'https://login.example.com/.well-known/jwks.json',
    accepts: isJwksUrl,
  }),
  jwksFile: optional({
    variable: 'JWKS_FILE',
    meaning: 'A file with these keys, in place of JWKS_URL. The API reads it again when it changes.',
    expected: 'a path',
    example: '/run/secrets/jwks.json',
    accepts: () => true,
  }),
  jwtIssuer: optional({
    variable: 'JWT_ISSUER',
    meaning: 'The claim `iss` that a token must have.',
    expected: 'up to 1,000 characters',
    example: 'https://login.example.com/',
    accepts: (value) => value.length <= 1_000,
  }),
  jwtAudience: optional({
    variable: 'JWT_AUDIENCE',
    meaning: 'The audience that the claim `aud` of a token must name: this service, for the issuer.',
    expected: 'up to 1,000 characters',
    example: 'millrace',
    accepts: (value) => value.length <= 1_000,
  }),
};

const hasKeys = ({ jwksUrl, jwksFile }: TokenSettings): boolean => jwksUrl + jwksFile !== '';

const checkOf = (
  faultOf: (config: TokenSettings & AccessSettings) => string | undefined | false,
): Check<TokenSettings & AccessSettings> => ({
  usedBy: 'api',
  faultOf: (config) => faultOf(config) || undefined,
});

/** Half a configuration of tokens must not look like one that works. */
export const TOKEN_CHECKS: readonly Check<TokenSettings & AccessSettings>[] = [
  checkOf(
    ({ jwksUrl, jwksFile }) =>
      jwksUrl !== '' && jwksFile !== '' && 'JWKS_URL and JWKS_FILE are both set: unset one of them',
  ),
  checkOf(
    (config) =>
      hasKeys(config) &&
      config.jwtIssuer === '' &&
      'JWT_ISSUER is not set: set the claim iss of the tokens, or the tokens of every issuer with these keys would do',
  ),
  checkOf(
    (config) =>
      hasKeys(config) &&
      config.jwtAudience === '' &&
      'JWT_AUDIENCE is not set: set the claim aud of the tokens for this service, or tokens for other services would do',
  ),
  checkOf(
    (config) =>
      !hasKeys(config) &&
      config.jwtIssuer + config.jwtAudience !== '' &&
      'JWT_ISSUER or JWT_AUDIENCE is set, but no keys that verify tokens: set JWKS_URL or JWKS_FILE',
  ),
  checkOf(
    (config) =>
      hasKeys(config) &&
      config.auth === 'off' &&
      'JWKS_URL or JWKS_FILE is set, but AUTH is off, so nobody needs a token: set AUTH=keys',
  ),
];
