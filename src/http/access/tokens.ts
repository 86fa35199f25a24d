import { FileKeys } from '../../access/tokens/file-keys.ts';
import { RemoteKeys } from '../../access/tokens/remote-keys.ts';
import type { TokenKeys } from '../../access/tokens/token-keys.ts';
import type { Clock } from '../../clock.ts';
import { type Config, ConfigError } from '../../config.ts';
import type { Observer } from '../../observer.ts';

/**
 * The keys that verify tokens; undefined where no tokens are accepted. Does not wait for JWKS_URL, whose server may come later.
 *
 * @throws {ConfigError} for a JWKS_FILE that cannot be read.
 */
export async function openTokenKeys(
  { jwksUrl, jwksFile }: Config,
  clock: Clock,
  observe: Observer,
): Promise<TokenKeys | undefined> {
  if (jwksUrl !== '') {
    const keys = new RemoteKeys(jwksUrl, clock, observe);
    void keys.start();
    return keys;
  }
  if (jwksFile === '') return undefined;
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
