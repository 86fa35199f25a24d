import { describe, expect, it } from 'vitest';
import { KeySpace } from '../../../src/redis/keyspace.ts';
import { decodeRecord, encodeRecord } from '../../../src/workers/record.ts';
import { drainWorker } from '../../../src/workers/scripts/drain-worker.ts';
import { reportWorker } from '../../../src/workers/scripts/report-worker.ts';
import { isOnCluster, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const keys = new KeySpace('mr', isOnCluster).workers;
const record = encodeRecord({ kind: 'http', queues: ['a'] });
const report = (name: string, text = record, drainMs?: number) =>
  reportWorker(redis.client, keys, name, text, { ttlMs: 60_000, drainMs });
const stored = async (name: string) =>
  decodeRecord(name, (await redis.client.hget(keys.records, name)) ?? '');

describe('a report', () => {
  it('keeps the start of a worker, and its record if it brings none', async () => {
    await report('one');
    const first = await stored('one');
    expect(first).toMatchObject({ kind: 'http', queues: ['a'] });
    await report('one', '');
    expect(await stored('one')).toMatchObject({ queues: ['a'], startedAt: first?.startedAt });
    await report('nobody', '');
    expect(await stored('nobody')).toBeUndefined();
  });

  it('removes workers that have expired, and starts again one that comes back', async () => {
    await report('gone');
    await redis.client.zadd(keys.workers, 1, 'gone');
    await report('other');
    expect(await redis.client.hexists(keys.records, 'gone')).toBe(0);
    expect(await drainWorker(redis.client, keys, 'gone', 1_000)).toBe(false);
  });

  it('says that the worker is to drain, also one that was away, and makes a drain last', async () => {
    await report('drains');
    expect(await drainWorker(redis.client, keys, 'drains', 1_000)).toBe(true);
    await redis.client.zrem(keys.workers, 'drains');
    const until = Number(await redis.client.zscore(keys.draining, 'drains'));
    expect(await report('drains', record, 600_000)).toBe(true);
    expect(Number(await redis.client.zscore(keys.draining, 'drains'))).toBeGreaterThan(until);
  });
});
