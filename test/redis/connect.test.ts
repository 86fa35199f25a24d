import { describe, expect, it } from 'vitest';
import { isUnavailable } from '../../src/redis/connect.ts';
import { untilConnected, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

describe('a transaction that fails', () => {
  it('is a fault of Redis when one of its commands is refused for that', async () => {
    await redis.client.config('SET', 'maxmemory', '1');
    const refused = await redis.client
      .multi()
      .set('a', '1')
      .exec()
      .catch((error: unknown) => error);
    await redis.client.config('SET', 'maxmemory', '0');
    expect(String(refused)).toContain('EXECABORT');
    expect(isUnavailable(refused)).toBe(true);
  });

  it('is a fault of Redis when the connection breaks', async () => {
    const other = redis.client.duplicate();
    await untilConnected(other);
    const answer = other
      .multi()
      .get('a')
      .exec()
      .catch((error: unknown) => error);
    other.stream.destroy();
    expect(isUnavailable(await answer)).toBe(true);
    other.disconnect();
  });

  it('is a defect otherwise', async () => {
    const refused = await redis.client
      .multi()
      .call('NO-SUCH-COMMAND')
      .exec()
      .catch((error: unknown) => error);
    expect(String(refused)).toContain('EXECABORT');
    expect(isUnavailable(refused)).toBe(false);
  });
});
