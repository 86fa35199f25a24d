import { expect, it } from 'vitest';
import { checkKernel } from '../../../../src/doctor/checks/redis/kernel.ts';
import type { HostReadings } from '../../../../src/doctor/readings/readings.ts';
import { redisReadings } from '../../../helpers/doctor/readings.ts';

const always = { hugePages: '[always] madvise never', overcommit: '1', redisGetsHugePages: undefined };
const remote = redisReadings({ isLocal: false });
const local = (config: [string, string][] = []) =>
  redisReadings({ isLocal: true, config: { value: new Map(config) } });

const judge = (host: HostReadings, redis = local()) =>
  checkKernel(host, redis).map(({ id, level }) => [id, level]);

it.each([
  ['the kernel gives them to Redis', { ...always, redisGetsHugePages: true }, local(), 'warning'],
  ['Redis has turned them off for itself', { ...always, redisGetsHugePages: false }, local(), 'ok'],
  ['Redis is told not to', always, local([['disable-thp', 'no']]), 'warning'],
  [
    'only who asks gets them',
    { ...always, hugePages: 'always [madvise] never', redisGetsHugePages: true },
    local(),
    'ok',
  ],
])('huge pages: %s', (_, host, redis, level) => {
  expect(judge(host, redis)).toEqual([['huge-pages', level]]);
});

it('believes LATENCY DOCTOR of a Redis elsewhere, and not the kernel of this machine', () => {
  expect(judge({ ...always, redisGetsHugePages: true }, remote)).toEqual([]);
  const told = redisReadings({
    isLocal: false,
    latencyDoctor: { value: 'I detected anonymous huge pages used by your process.' },
  });
  expect(judge({ ...always, overcommit: '0' }, told)).toEqual([['huge-pages', 'warning']]);
});

it.each(['0', '2'])('notes a kernel that refuses memory to a fork: %s', (overcommit) => {
  const host = { hugePages: undefined, overcommit, redisGetsHugePages: undefined };
  expect(judge(host)).toEqual([['overcommit', 'note']]);
});
