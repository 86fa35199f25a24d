import { describe, expect, it } from 'vitest';
import { Consumer } from '../../../src/lifecycle/consumer.ts';
import { createObserver, type ServiceEvent } from '../../../src/observer.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { PersistentWriter } from '../../../workers/run/persistent-writer.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis({ persistent: true });
const keys = queueKeys('mr', 'default');
const job = { ref: { place: 'normal' as const, entryId: '1-0' }, token: 1, begun: false };

/** A writer, and a promise of the first trouble that it reports. */
function createWriter() {
  let onTrouble: (event: ServiceEvent) => void = () => {};
  const trouble = new Promise<ServiceEvent>((resolve) => {
    onTrouble = resolve;
  });
  const observe = createObserver({ wants: (kind) => kind === 'redis-trouble', observe: onTrouble });
  return { writer: new PersistentWriter(new Consumer('one', redis.client), observe), trouble };
}

describe('a write while Redis is away', () => {
  it('is repeated until Redis is back', async () => {
    const { writer, trouble } = createWriter();
    await redis.server.kill();
    const written = writer.release(keys, [job]);
    expect(await trouble).toMatchObject({ kind: 'redis-trouble', where: 'release' });
    redis.replace(await redis.server.restart());
    expect(await written).toEqual(['stale']);
  });

  it('rejects after giveUp', async () => {
    const { writer, trouble } = createWriter();
    await redis.server.kill();
    const written = writer.retry(keys, { ...job, error: '' }, 0);
    await trouble;
    writer.giveUp();
    await expect(written).rejects.toThrow();
    redis.replace(await redis.server.restart());
  });
});
