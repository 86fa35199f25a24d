import { describe, expect, it } from 'vitest';
import { isUnavailable } from '../../src/redis/connect.ts';
import { useRedis } from '../helpers/redis.ts';

const redis = useRedis();

describe('a transaction that Redis refuses', () => {
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
