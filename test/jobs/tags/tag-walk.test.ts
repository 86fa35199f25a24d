import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TagWalk, type WalkPosition } from '../../../src/jobs/tags/tag-walk.ts';
import { placeTime } from '../../../src/lifecycle/scripts/tags/tag-place.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const QUEUES = ['a', 'b', 'c'].map((queue) => queueKeys('mr', queue));
const TAGS = ['red', 'green', 'blue', 'red\u007e'];

interface Tagged {
  queue: number;
  ms: number;
  seq: number;
  tags: string[];
}

const job: fc.Arbitrary<Tagged> = fc.record({
  queue: fc.nat({ max: 2 }),
  // Few times: many jobs share one.
  ms: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_004 }),
  seq: fc.integer({ min: 0, max: 120 }),
  tags: fc.subarray(TAGS, { minLength: 1 }),
});

const placeOf = ({ ms, seq }: Tagged): string =>
  `${placeTime(ms)}${String(String(seq).length).padStart(2, '0')}${seq}n`;

/** As users are promised it: the newest first, at one time queue by queue. */
function inOrder(jobs: readonly Tagged[]): string[] {
  return [...jobs]
    .sort((a, b) => b.ms - a.ms || a.queue - b.queue || b.seq - a.seq)
    .map((one) => `${QUEUES[one.queue]?.queue} ${placeOf(one)}`);
}

async function store(jobs: readonly Tagged[]): Promise<void> {
  await redis.client.flushall();
  for (const one of jobs) {
    const members = one.tags.flatMap((tag) => [0, `${tag}\n${placeOf(one)}`]);
    await redis.client.zadd(QUEUES[one.queue]?.tagged ?? '', ...members);
  }
}

/** All jobs, a new walk for each page, as one request does not know of the one before. */
async function walkAll(tags: readonly string[], bounds: { before: string; from: string }, most: number) {
  const found: string[] = [];
  let after: WalkPosition | undefined;
  for (let isEnd = false; !isEnd; ) {
    const page = await new TagWalk(redis.client, QUEUES, { tags, ...bounds }, after).next(most, 1);
    found.push(...page.jobs.map(({ keys, place }) => `${keys.queue} ${place}`));
    after = page.at;
    isEnd = page.isEnd;
  }
  return found;
}

it('finds each job that has all the tags once, the newest first, on pages of any size', async () => {
  const unique = fc.uniqueArray(job, {
    maxLength: 60,
    selector: ({ queue, ms, seq }) => `${queue} ${ms} ${seq}`,
  });
  const wanted = fc.subarray(TAGS, { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(
      unique,
      wanted,
      fc.integer({ min: 1, max: 9 }),
      fc.nat({ max: 5 }),
      async (jobs, tags, most, from) => {
        await store(jobs);
        const first = 1_700_000_000_000 + from;
        const matching = jobs.filter(
          (one) => tags.every((tag) => one.tags.includes(tag)) && one.ms >= first && one.ms < first + 3,
        );
        const bounds = { from: placeTime(first), before: placeTime(first + 3) };
        expect(await walkAll(tags, bounds, most)).toEqual(inOrder(matching));
      },
    ),
    { numRuns: 60 },
  );
});

it('goes on where several tags rarely meet, in bounded reads', async () => {
  const jobs = Array.from({ length: 1_000 }, (_, i) => ({
    queue: 0,
    ms: 1_700_000_000_000 + i,
    seq: 0,
    tags: i === 0 ? ['red', 'blue'] : [i % 2 === 0 ? 'red' : 'blue'],
  }));
  await store(jobs);
  const all = { before: '', from: '' };
  const first = await new TagWalk(redis.client, QUEUES, { tags: ['red', 'blue'], ...all }).next(10, 1);
  expect(first).toMatchObject({ jobs: [], isEnd: false, at: { queue: 'a' } });
  expect(await walkAll(['red', 'blue'], all, 10)).toEqual(inOrder(jobs.slice(0, 1)));
});
