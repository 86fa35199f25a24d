import type { Redis, RedisOptions } from 'ioredis';
import type { RedisUrl } from './redis-url.ts';
import type { RedisTls } from './target.ts';

type OneServer = Pick<RedisUrl & { topology: 'single' }, 'isTls' | 'url'>;

/**
 * What the URL of one server says, for ioredis. It does not read the URL itself: it would let each option behind the `?` override
 * ours, which keep writes from being sent twice.
 */
export function serverOptions(
  { isTls, url }: OneServer,
  tls: RedisTls | undefined,
): Pick<RedisOptions, 'host' | 'port' | 'path' | 'username' | 'password' | 'db' | 'family' | 'tls'> {
  const { protocol, hostname, port, searchParams } = url;
  const path = decodeURIComponent(url.pathname);
  const [username, password] = [url.username, url.password].map(decodeURIComponent);
  return {
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    ...(protocol === 'unix:'
      ? { path }
      : {
          host: hostname.replace(/^\[|\]$/g, ''),
          ...(port !== '' && { port: Number(port) }),
          db: Number(path.replaceAll('/', '')),
          family: Number(searchParams.get('family') ?? 0),
        }),
    ...(isTls && { tls: tls ?? {} }),
  };
}

/** Connects again when Redis refuses the database: ioredis would tell the error, and go on in database 0. */
export function insistOnDatabase(redis: Redis): void {
  const select = redis.select.bind(redis);
  redis.select = async (database: number) => {
    try {
      return await select(database);
    } catch (error) {
      const closed = new Promise<void>((resolve) => redis.once('close', resolve));
      redis.disconnect(true);
      // Told earlier, the connection would still be checked, which would hide this error by another one.
      await closed;
      throw error;
    }
  };
}
