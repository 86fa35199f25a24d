import { describe, expect, it } from 'vitest';
import { EachPrimary } from '../../src/maintenance/each-primary.ts';
import { type QueueKeys, queueKeys } from '../../src/redis/keys.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { clusterOf } from '../helpers/redis/slots-of.ts';

const redis = useRedis();
const [a1, a2, b1] = ['a1', 'a2', 'b1'].map((name) => queueKeys('mr', name)) as [
  QueueKeys,
  QueueKeys,
  QueueKeys,
];
const ALL = [a1, b1, a2];
const cluster = clusterOf([
  [a1, 'a'],
  [a2, 'a'],
  [b1, 'b'],
]);

const names = (queues: readonly QueueKeys[]) => queues.map(({ queue }) => queue);
function deferred() {
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((_, fail) => {
    reject = fail;
  });
  return { promise, reject };
}
const never = () => new Promise<void>(() => undefined);

describe('a pass over queues', () => {
  it('is one over all where one server has them, and throws what it throws', async () => {
    const passes: string[][] = [];
    const each = new EachPrimary(redis.client);
    await each.run(ALL, async (group) => void passes.push(names(group)));
    expect(passes).toEqual([['a1', 'b1', 'a2']]);
    await expect(each.run(ALL, async () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  });

  it('is one for each primary of a Cluster, and throws once the others have ended', async () => {
    const passes: string[][] = [];
    const run = new EachPrimary(cluster).run(ALL, async (group) => {
      if (group[0] === a1) throw new Error('away');
      await new Promise((resolve) => setImmediate(resolve));
      passes.push(names(group));
    });
    await expect(run).rejects.toThrow('away');
    expect(passes).toEqual([['b1']]);
  });

  it('does not wait for a primary that does not answer, and does not ask it a second time', async () => {
    const passes: string[][] = [];
    const each = new EachPrimary(cluster, 20);
    const pass = async (group: readonly QueueKeys[]) => {
      passes.push(names(group));
      if (group[0] === a1) await never();
    };
    await each.run(ALL, pass);
    await each.run(ALL, pass);
    expect(passes).toEqual([['a1', 'a2'], ['b1'], ['b1']]);
  });

  it('tells of a late failure with the next pass', async () => {
    const each = new EachPrimary(cluster, 1);
    const { promise, reject } = deferred();
    await each.run([a1], () => promise);
    reject(new Error('late'));
    await promise.catch(() => undefined);
    await expect(each.run([b1], async () => undefined)).rejects.toThrow('late');
    await each.run([a1], async () => undefined);
  });
});
