import { beforeEach, describe, expect, it } from 'vitest';
import { AccessKeys } from '../../src/access/access-keys.ts';
import { keyCaller } from '../../src/access/caller.ts';
import { parseKeyText } from '../../src/access/key-text.ts';
import { KeyUses } from '../../src/access/key-uses.ts';
import type { Core } from '../../src/core/core.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { createManualClock } from '../helpers/workers/manual-clock.ts';

const redis = useRedis();
const clock = createManualClock();
let core: Core;
let keys: AccessKeys;

beforeEach(async () => {
  await redis.client.flushall();
  core = createTestCore(redis.client);
  keys = new AccessKeys({ ...core, clock });
});

const make = (scopes: string[], rest = {}) => keys.create({ name: 'test', scopes, ...rest });

describe('access keys', () => {
  it('are found by their id, and Redis holds no secret', async () => {
    const { id, key } = await make(['read', 'read'], { rate: { limit: 5, per: '1s' } });
    const secret = parseKeyText(key)?.secret ?? '';
    const { record } = await keys.find(id);
    expect(record).toMatchObject({ name: 'test', scopes: ['read'], rate: { limit: 5, perMs: 1_000 } });
    const stored = JSON.stringify(await redis.client.hgetall(core.keySpace.access.records));
    expect(stored).toContain(id);
    expect(stored).not.toContain(secret);
  });

  it('are listed page by page, the oldest first', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      made.push((await make([`read:q${i}`])).id);
      clock.advance(1);
    }
    const first = await keys.list({ limit: 3 });
    const second = await keys.list({ limit: 3, cursor: first.nextCursor ?? '' });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(made);
    expect(second.nextCursor).toBeUndefined();
    await expect(keys.list({ limit: 3, cursor: '!' })).rejects.toMatchObject({ code: 'invalid-request' });
  });

  it('are gone once they are revoked, with all that is stored of them', async () => {
    const { id } = await make(['read']);
    const uses = new KeyUses(core);
    uses.note(keyCaller(id, [], undefined));
    await uses.run();
    await keys.remove(id);
    expect((await keys.find(id)).record).toBeUndefined();
    // A process that has seen it shortly before does not bring it back.
    uses.note(keyCaller(id, [], undefined));
    await uses.run();
    expect(await redis.client.keys('*')).toEqual([]);
    await expect(keys.remove(id)).rejects.toMatchObject({ code: 'key-not-found' });
  });

  it('show when they were last used, exact to a minute', async () => {
    const { id } = await make(['read']);
    expect((await keys.list({ limit: 1 })).items[0]).not.toHaveProperty('lastUsedAt');
    const uses = new KeyUses(core);
    uses.note(keyCaller(id, [], undefined));
    await uses.run();
    const [item] = (await keys.list({ limit: 1 })).items;
    const at = Date.parse(item?.lastUsedAt ?? '');
    expect(at % 60_000).toBe(0);
    expect(Math.abs(Date.now() - at)).toBeLessThan(120_000);
  });

  it('are bounded in number', async () => {
    const fill = Array.from({ length: 10_000 }, (_, i) => [`k${i}`, '{}']).flat();
    await redis.client.hset(core.keySpace.access.records, ...fill);
    await expect(make(['read'])).rejects.toMatchObject({ code: 'too-many-keys' });
  });

  it.each([
    [['admin'], true],
    [['admin:*'], true],
    [['admin:a'], false],
    [['manage', 'read'], false],
  ])('%j: an admin is there is %s', async (scopes, expected) => {
    await make(scopes);
    expect(await keys.hasAdmin()).toBe(expected);
  });

  it('an admin key that has expired is none', async () => {
    await make(['admin'], { expiresAt: new Date(clock.wall() + 60_000).toISOString() });
    expect(await keys.hasAdmin()).toBe(true);
    clock.advance(60_000);
    expect(await keys.hasAdmin()).toBe(false);
  });
});
