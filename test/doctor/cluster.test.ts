import { describe, expect, it } from 'vitest';
import { examine } from '../../src/doctor/doctor.ts';
import { isWrong } from '../../src/doctor/finding.ts';
import { freePort } from '../../src/local/redis-settings.ts';
import { aclRules } from '../../src/redis/acl/acl-rules.ts';
import { configurationsKey } from '../../src/redis/keys.ts';
import { useCluster } from '../helpers/redis/cluster.ts';
import { SENTINEL_PASSWORD, useSentinels } from '../helpers/redis/sentinel.ts';
import { until, useRedis } from '../helpers/redis/server.ts';

const PORT = await freePort();
const NOWHERE = 'http://127.0.0.1:1';
/** The release of the Redis of this machine, and how busy the machine is. */
const OTHERS = ['known-holes', 'api', 'latency'];

/** What is wrong, as the id and the beginning of the text. */
async function wrongWith(url: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const areas = await examine({ REDIS_URL: url, MILLRACE_URL: NOWHERE, ...env }, '/nowhere');
  return areas
    .flatMap(({ findings }) => findings)
    .filter((finding) => isWrong(finding) && !OTHERS.includes(finding.id))
    .map(({ id, what }) => `${id} ${what}`);
}

describe('a Cluster', () => {
  const cluster = useCluster({ rules: [...aclRules('mr').split(' '), '+cluster|info', '+cluster|slots'] });
  const [PERSISTENCE, REPLICAS] = [
    /^persistence Every primary: Redis keeps no append-only file/,
    /^replicas Every primary: No replica/,
  ];

  it('is judged by all of its primaries, as the user of docs/how-to/scale.md', async () => {
    expect(await wrongWith(cluster.url)).toEqual([
      expect.stringMatching(REPLICAS),
      expect.stringMatching(PERSISTENCE),
    ]);
  });

  it('names the primary that evicts keys, and tells processes with other settings', async () => {
    const [, second] = cluster.primaries;
    await second?.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const settings = (value: number) => JSON.stringify({ service: 'API', values: { DEAD_MAX: value } });
    const key = configurationsKey('mr');
    for (const { client } of cluster.primaries) {
      const set = client.hset(key, settings(1), `${Date.now()} a`, settings(2), `${Date.now()} b`);
      await set.catch(() => undefined);
    }
    const wrong = await wrongWith(cluster.url);
    await second?.client.config('SET', 'maxmemory-policy', 'noeviction');
    expect(wrong).toContain(
      `eviction-policy 127.0.0.1:${second?.port}: The maxmemory-policy is allkeys-lru.`,
    );
    expect(wrong).toContainEqual(expect.stringMatching(/^shared-settings DEAD_MAX differs/));
  });

  it('is not what redis:// names', async () => {
    const [node] = cluster.primaries;
    const wrong = await wrongWith(node?.server.url ?? '');
    expect(wrong).toContainEqual(expect.stringMatching(/^redis-cluster Redis is a node of a Redis Cluster/));
  });

  it('with a primary that is gone says which one, and that its slots are not served', async () => {
    const [, , third] = cluster.primaries;
    await third?.server.kill();
    let wrong: string[] = [];
    await until(
      async () => {
        wrong = await wrongWith(cluster.url);
        return wrong.some((text) => text.startsWith('cluster-slots'));
      },
      () => `a finding of the slots in ${wrong.join(' | ')}`,
    );
    expect(wrong).toContainEqual(expect.stringMatching(`^primary-unreachable 127.0.0.1:${third?.port}: `));
    expect(wrong).toContainEqual(expect.stringMatching(/slots belong to a failed primary/));
  });
});

describe('a primary of sentinels', () => {
  const bed = useSentinels();

  it('may be stale, and is seen through its sentinels', async () => {
    const wrong = await wrongWith(bed.url, { SENTINEL_PASSWORD });
    expect(wrong.map((text) => text.split(' ', 1)[0])).toEqual(['stale-primary']);
  });

  it('tells that a sentinel is away', async () => {
    await bed.sentinels[0]?.child.stop(1_000);
    const wrong = await wrongWith(bed.url, { SENTINEL_PASSWORD });
    expect(wrong).toContainEqual(expect.stringMatching(/^sentinels 1 of 3 sentinels do not answer/));
  });
});

describe('redis+cluster://', () => {
  const alone = useRedis({ port: PORT });

  it('is not for a Redis that is no node of a Cluster', async () => {
    const url = alone.url.replace('redis:', 'redis+cluster:');
    const areas = await examine({ REDIS_URL: url, MILLRACE_URL: NOWHERE }, '/nowhere');
    const finding = areas.flatMap(({ findings }) => findings).find(({ id }) => id === 'redis-reachable');
    expect(finding).toMatchObject({ level: 'fault', todo: expect.stringContaining('begin with redis://') });
  });
});
