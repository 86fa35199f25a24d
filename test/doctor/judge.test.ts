import { expect, it } from 'vitest';
import { isWrong } from '../../src/doctor/finding.ts';
import { judge } from '../../src/doctor/judge.ts';
import { valueIn } from '../../src/doctor/readings/reading.ts';
import type { ReachedRedis, Readings } from '../../src/doctor/readings/readings.ts';
import { exampleSchedule, type Schedule } from '../../src/schemas/schedule.ts';
import { reachedRedis, redisReadings } from '../helpers/doctor/readings.ts';
import { apiReadings, queueStats, subscription } from '../helpers/doctor/states.ts';

const sound: Readings = {
  now: 1_800_000_000_000,
  environment: {
    faults: [],
    misspelt: [],
    host: '127.0.0.1',
    auth: 'off',
    prefix: 'mr',
    deadMax: 100,
    replicasAck: 0,
    tasksDirFault: undefined,
  },
  host: { hugePages: undefined, overcommit: '1', redisGetsHugePages: undefined },
  redis: reachedRedis(),
  api: { url: 'http://127.0.0.1:3000', api: apiReadings() },
};

const areasOf = (changes: Partial<Readings>) => judge({ ...sound, ...changes });
const wrongIn = (changes: Partial<Readings>) =>
  areasOf(changes)
    .flatMap(({ findings }) => findings)
    .filter(isWrong)
    .map(({ id }) => id);

it('finds nothing wrong where nothing is', () => {
  expect(areasOf({}).map(({ name }) => name)).toEqual(['Settings', 'Redis', 'API', 'Queues']);
  expect(wrongIn({})).toEqual([]);
});

it('says only that Redis cannot be reached when it cannot', () => {
  const redis = { address: 'redis://127.0.0.1:6379', fault: 'connect ECONNREFUSED' };
  const [, ofRedis] = areasOf({ redis });
  expect(ofRedis?.findings.map(({ id }) => id)).toEqual(['redis-reachable']);
});

it('names the primary of a Cluster where something is wrong, and says once what holds for all', () => {
  const evicting = redisReadings({
    node: 'b:1',
    info: { value: new Map([...(valueIn(redisReadings().info) ?? []), ['maxmemory_policy', 'allkeys-lru']]) },
  });
  const redis: ReachedRedis = {
    ...reachedRedis(redisReadings({ node: 'a:1' })),
    servers: [redisReadings({ node: 'a:1' }), evicting],
    silent: [{ node: 'c:1', fault: 'connect ECONNREFUSED' }],
    topology: { kind: 'cluster', info: new Map([['cluster_slots_fail', '10']]), named: 1 },
  };
  const [, ofRedis] = areasOf({ redis });
  const texts = ofRedis?.findings.map(({ id, what }) => `${id} ${what}`) ?? [];
  expect(texts).toContainEqual(expect.stringMatching(/^primary-unreachable c:1: .*ECONNREFUSED/));
  expect(texts).toContainEqual(expect.stringMatching(/^cluster-slots 10 slots belong to a failed primary/));
  expect(texts).toContainEqual('cluster-nodes REDIS_URL names one node of the Cluster.');
  expect(texts).toContain('eviction-policy b:1: The maxmemory-policy is allkeys-lru.');
  expect(texts).toContain('redis-version Every primary: The server is Redis 99.0.0.');
  expect(texts).toContain('replicas Every primary: No replica follows this primary.');
});

it('says nothing of queues that it could not see', () => {
  const api = { url: 'http://127.0.0.1:3000', fault: 'connect ECONNREFUSED' };
  expect(areasOf({ api }).map(({ name }) => name)).toEqual(['Settings', 'Redis', 'API']);
  const refused = { refused: 'GET /queues was answered with 401' };
  const unseen = apiReadings({ queues: refused, workers: refused, schedules: refused });
  expect(areasOf({ api: { url: api.url, api: unseen } }).map(({ name }) => name)).toEqual([
    'Settings',
    'Redis',
    'API',
  ]);
});

it('checks what is left when INFO is refused', () => {
  const redis = redisReadings({
    info: { refused: "NOPERM User jobs has no permissions to run the 'info' command" },
  });
  const [, ofRedis] = areasOf({ redis: reachedRedis(redis) });
  const ids = ofRedis?.findings.map(({ id, level }) => [id, level]);
  expect(ids).toContainEqual(['info', 'note']);
  expect(ids).toContainEqual(['latency', 'ok']);
});

it('judges the queues by DEAD_MAX of this environment', () => {
  const counts = { queued: 0, scheduled: 0, running: 0, retrying: 0, failed: 90 };
  const api = { url: 'http://127.0.0.1:3000', api: apiReadings({ stats: [queueStats({ counts })] }) };
  expect(wrongIn({ api })).toEqual(['dead-letters']);
});

it('asks each check, with the clock of Redis where its times are compared', () => {
  const now = sound.now;
  const seen = (text: string, agoMs: number) => [text, `${now - agoMs} host`] as const;
  const settings = (deadMax: number) => JSON.stringify({ service: 'API', values: { DEAD_MAX: deadMax } });
  const redis = redisReadings({
    info: {
      value: new Map([
        ['redis_version', '99.0.0'],
        ['aof_enabled', '1'],
        ['maxmemory_policy', 'noeviction'],
        ['connected_clients', '1'],
        ['maxclients', '10'],
      ]),
    },
    config: {
      value: new Map([
        ['appendfsync', 'always'],
        ['stream-node-max-entries', '4'],
        ['stream-node-max-bytes', '1024'],
      ]),
    },
    clock: { value: { skewMs: 10_000, errorMs: 0.1 } },
    acl: { value: { user: 'u', denied: new Map([['get', 'NOPERM No permissions to access a key']]) } },
    // The second one is gone by the clock of Redis, and not yet by ours.
    configurations: { value: Object.fromEntries([seen(settings(1), 0), seen(settings(2), 55_000)]) },
  });
  const late = {
    ...exampleSchedule,
    paused: false,
    finished: false,
    nextAt: new Date(now - 55_000).toISOString(),
  };
  const api = apiReadings({
    schedules: { value: [late as Schedule] },
    subscriptions: [subscription()],
  });
  const areas = areasOf({
    environment: { ...sound.environment, prefix: 'jobs' },
    host: { hugePages: '[never]', overcommit: '1', redisGetsHugePages: undefined },
    redis: reachedRedis(redis),
    api: { url: 'http://127.0.0.1:3000', api },
  });
  const found = areas.flatMap(({ findings }) => findings);
  expect(found.map(({ id, level }) => `${id} ${level}`)).toEqual([
    'settings ok',
    'redis-reachable ok',
    'redis-version ok',
    'known-holes ok',
    'persistence ok',
    'eviction-policy ok',
    'clients ok',
    'stream-nodes ok',
    'acl fault',
    'latency ok',
    'clock warning',
    'huge-pages ok',
    'shared-settings ok',
    'api ok',
    'api-clock warning',
    'workers note',
    'queues ok',
    'schedules fault',
    'subscriptions ok',
  ]);
  expect(found.find(({ id }) => id === 'acl')?.todo).toContain('~jobs:*');
});
