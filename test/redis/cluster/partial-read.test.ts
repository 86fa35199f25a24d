import { expect, it } from 'vitest';
import { PartialRead } from '../../../src/redis/cluster/partial-read.ts';
import { type QueueKeys, queueKeys } from '../../../src/redis/keys.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { clusterOf } from '../../helpers/redis/slots-of.ts';

const redis = useRedis();
const [a1, a2, b1] = ['a1', 'a2', 'b1'].map((name) => queueKeys('mr', name)) as [
  QueueKeys,
  QueueKeys,
  QueueKeys,
];
const cluster = clusterOf([
  [a1, 'a'],
  [a2, 'a'],
  [b1, 'b'],
]);
const away = () => Promise.reject(new Error('Connection is closed.'));

it('leaves out the queues of a primary that is away, and asks it once', async () => {
  const part = new PartialRead(cluster);
  expect(await part.of(b1, async () => 1)).toBe(1);
  expect(part.missing).toEqual({});
  expect(await part.of(a2, away)).toBeUndefined();
  expect(await part.of(a1, async () => 1)).toBeUndefined();
  expect(part.missing).toEqual({ missing: ['a1', 'a2'] });
});

it('rejects with what is no fault of a primary, and with any fault of an only server', async () => {
  const defect = () => Promise.reject(new Error('a defect'));
  await expect(new PartialRead(cluster).of(a1, defect)).rejects.toThrow('a defect');
  await expect(new PartialRead(redis.client).of(a1, away)).rejects.toThrow('closed');
});
