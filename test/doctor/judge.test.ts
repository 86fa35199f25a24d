import { expect, it } from 'vitest';
import { isWrong } from '../../src/doctor/finding.ts';
import { judge } from '../../src/doctor/judge.ts';
import type { Readings } from '../../src/doctor/readings/readings.ts';
import { redisReadings } from '../helpers/doctor/readings.ts';
import { apiReadings, queueStats } from '../helpers/doctor/states.ts';

const sound: Readings = {
  now: 1_800_000_000_000,
  environment: {
    faults: [],
    misspelt: [],
    host: '127.0.0.1',
    auth: 'off',
    prefix: 'mr',
    deadMax: 100,
    tasksDirFault: undefined,
  },
  host: { hugePages: undefined, overcommit: '1', redisGetsHugePages: undefined },
  redis: { address: 'redis://127.0.0.1:6379', redis: redisReadings() },
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
  const [, ofRedis] = areasOf({ redis: { address: 'redis://127.0.0.1:6379', redis } });
  const ids = ofRedis?.findings.map(({ id, level }) => [id, level]);
  expect(ids).toContainEqual(['info', 'note']);
  expect(ids).toContainEqual(['latency', 'ok']);
});

it('judges the queues by DEAD_MAX of this environment', () => {
  const counts = { queued: 0, scheduled: 0, running: 0, retrying: 0, failed: 90 };
  const api = { url: 'http://127.0.0.1:3000', api: apiReadings({ stats: [queueStats({ counts })] }) };
  expect(wrongIn({ api })).toEqual(['dead-letters']);
});
