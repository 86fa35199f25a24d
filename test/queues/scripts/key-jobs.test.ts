import fc from 'fast-check';
import { expect, it } from 'vitest';
import { busiestKeys, keyJobs } from '../../../src/queues/scripts/key-jobs.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import type { KeyJobs } from '../../../src/schemas/queues/keys.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const keys = queueKeys('mr', 'q');

/** As takes store it: without quotes. */
const stored = (key: string) => JSON.stringify(key).slice(1, -1);

/** Held and running jobs of the keys, beside jobs that wait for a task, and those without a key. */
async function store(jobs: readonly KeyJobs[]): Promise<void> {
  await redis.client.flushall();
  const order = `31${'1'.padStart(13, '0')}`;
  for (const [i, { key, held, running }] of jobs.entries()) {
    for (let n = 0; n < held; n += 1) {
      await redis.client.zadd(keys.holds, 0, `key:${stored(key)}\n\n${order} n${i}-${n}`);
    }
    for (let n = 0; n < running; n += 1) {
      await redis.client.zadd(keys.runningKeys, 0, `${stored(key)}\nn${i}-${100 + n}`);
    }
  }
  await redis.client.zadd(
    keys.holds,
    0,
    `task:a\n\n${order} n9-1`,
    0,
    `key:\n\n${order} n9-2`,
    0,
    `unique:x\n\n${order} n9-3`,
  );
}

const bytesOrder = (a: KeyJobs, b: KeyJobs) =>
  Buffer.compare(Buffer.from(`${stored(a.key)}\n`), Buffer.from(`${stored(b.key)}\n`));

const key = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
  fc.constantFrom('a', 'a b', 'ab', 'a!', 'a"', 'a\\', 'a\n', 'key:a', 'é', '~', '\u{1f600}'),
);
const jobsOfKeys = fc.uniqueArray(
  fc
    .record({ key, held: fc.nat({ max: 3 }), running: fc.nat({ max: 2 }) })
    .filter(({ held, running }) => held + running > 0),
  { maxLength: 12, selector: (one) => one.key },
);

it('lists every key once with its jobs, in the order of bytes, on pages of any size', async () => {
  await fc.assert(
    fc.asyncProperty(jobsOfKeys, fc.integer({ min: 1, max: 4 }), async (jobs, most) => {
      await store(jobs);
      const listed: KeyJobs[] = [];
      for (;;) {
        const page = await keyJobs(redis.client, keys, listed.at(-1)?.key ?? '', most);
        listed.push(...page);
        if (page.length < most) break;
      }
      expect(listed).toEqual([...jobs].sort(bytesOrder));
    }),
    { numRuns: 40 },
  );
});

it('goes on beyond the keys of one call', async () => {
  const jobs = Array.from({ length: 230 }, (_, i) => ({ key: `k${1_000 + i}`, held: 1, running: 0 }));
  await store(jobs);
  expect(await keyJobs(redis.client, keys, '', 1_000)).toEqual(jobs);
  expect(await keyJobs(redis.client, keys, 'k1100', 110)).toEqual(jobs.slice(101, 211));
});

it('finds the ten keys with the most jobs among all, whether they wait or run', async () => {
  const small = Array.from({ length: 20 }, (_, i) => ({ key: `small-${i}`, held: 1, running: 0 }));
  const large = Array.from({ length: 9 }, (_, i) => ({ key: `large-${i}`, held: 12 - i, running: 0 }));
  await store([...small, ...large, { key: 'runs', held: 0, running: 20 }]);
  expect(await busiestKeys(redis.client, keys)).toEqual([{ key: 'runs', held: 0, running: 20 }, ...large]);
});

it('finds a key with many jobs behind many keys with few', async () => {
  await redis.client.flushall();
  const script = `
    for i = 1, 5000 do redis.call('ZADD', KEYS[1], 0, 'key:k' .. i .. '\\n\\n3100 n1-' .. i) end
    for i = 1, 5000 do redis.call('ZADD', KEYS[1], 0, 'key:heavy\\n\\n3100 n2-' .. i) end`;
  await redis.client.eval(script, 1, keys.holds);
  const [first, ...rest] = await busiestKeys(redis.client, keys);
  expect(first).toEqual({ key: 'heavy', held: 5_000, running: 0 });
  expect(rest).toHaveLength(9);
});
