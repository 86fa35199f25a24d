import type { Recognizer } from '../../access/authenticator.ts';
import type { TokenKeys } from '../../access/tokens/token-keys.ts';
import type { Clock } from '../../clock.ts';
import { type Config, ConfigError } from '../../config.ts';
import type { Observer } from '../../observer.ts';

/** Tells whom a token of the issuer stands for. */
export interface Tokens {
  readonly recognizer: Recognizer;
  stop(): Promise<void>;
}

/**
 * Knows the tokens of the issuer; undefined where no tokens are accepted. Only an API that accepts them loads what they need,
 * which takes a tenth of the time of a start.
 *
 * @throws {ConfigError} for a JWKS_FILE that cannot be read.
 */
export async function openTokens(
  config: Config,
  clock: Clock,
  observe: Observer,
): Promise<Tokens | undefined> {
  if (config.jwksUrl === '' && config.jwksFile === '') return undefined;
  const { tokenRecognizer } = await import('../../access/tokens/recognizer.ts');
  const keys = await openKeys(config, clock, observe);
  const expected = { issuer: config.jwtIssuer, audience: config.jwtAudience };
  return { recognizer: tokenRecognizer(keys, expected, clock), stop: () => keys.stop() };
}

/** Does not wait for JWKS_URL, whose server may come later. */
async function openKeys({ jwksUrl, jwksFile }: Config, clock: Clock, observe: Observer): Promise<TokenKeys> {
  if (jwksUrl !== '') {
    const { RemoteKeys } = await import('../../access/tokens/remote-keys.ts');
    const keys = new RemoteKeys(jwksUrl, clock, observe);
    void keys.start();
    return keys;
  }
  const { FileKeys } = await import('../../access/tokens/file-keys.ts');
  const keys = new FileKeys(jwksFile, observe);
  try {
    await keys.start();
    return keys;
  } catch (error) {
    await keys.stop();
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`JWKS_FILE names a file that is of no use: ${reason}`]);
  }
}
