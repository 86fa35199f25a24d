import { beforeEach, describe, expect, it } from 'vitest';
import { appendJobs } from '../../../src/jobs/submit/scripts/append.ts';
import { type Completion, type Delivery, WaitingConsumer } from '../../../src/lifecycle/consumer.ts';
import { ensureGroups } from '../../../src/lifecycle/scripts/ensure-groups.ts';
import { extendLease } from '../../../src/lifecycle/scripts/extend-lease.ts';
import { formatRef } from '../../../src/redis/job-id.ts';
import { GROUP, type QueueKeys, queueKeys } from '../../../src/redis/keys.ts';
import { BlockingReader } from '../../../src/redis/reads/blocking-reader.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { complete, NOTHING, take } from '../../helpers/workers/moves.ts';

const redis = useRedis();
let reader: BlockingReader | undefined;
let keys: QueueKeys;
let one: WaitingConsumer;
let two: WaitingConsumer;
let queues = 0;

beforeEach(async () => {
  queues += 1;
  keys = queueKeys('mr', `q${queues}`);
  reader ??= new BlockingReader(redis.client, redis.client);
  one = new WaitingConsumer('one', redis.client, reader);
  two = new WaitingConsumer('two', redis.client, reader);
  await ensureGroups(redis.client, keys);
  await extendLease(redis.client, keys, 'new', ['one', 'two'], 60_000);
});

async function submit(count: number): Promise<void> {
  const jobs = Array.from({ length: count }, (_, i) => ({ task: 'echo', payload: String(i), options: {} }));
  await appendJobs(
    redis.client,
    keys,
    jobs.map((job) => ({ ...job, place: 'normal' as const })),
  );
}

async function takeAs(consumer: WaitingConsumer, count: number): Promise<Delivery[]> {
  const taken = await take(consumer, keys, { count });
  return taken.kind === 'taken' ? taken.deliveries : [];
}

const end = (delivery: Delivery): Completion => ({
  ref: delivery,
  token: delivery.token,
  status: 'completed',
  ttlMs: 60_000,
  tail: `,"t":"echo","r":${delivery.fields[3]}}`,
});

const resultOf = async (delivery: Delivery) => redis.client.get(keys.result(formatRef(delivery)));
const events = async () =>
  (await redis.client.xrange(keys.events, '-', '+')).map(([, fields]) => fields.join(' '));

describe('a turn', () => {
  it('ends jobs and takes others in one call, and tells both', async () => {
    await submit(3);
    const [first, second] = await takeAs(one, 2);
    if (first === undefined || second === undefined) throw new Error('two jobs were there');
    await redis.client.config('RESETSTAT');
    const turned = await one.completeAndTake(keys, [end(second), end(first)], new Map(), 0, {
      ...NOTHING,
      count: 2,
    });
    expect(await redis.client.info('commandstats')).toMatch(/cmdstat_evalsha:calls=1,/);
    expect(turned.settled).toEqual(['done', 'done']);
    const [third] = turned.taken.kind === 'taken' ? turned.taken.deliveries : [];
    if (third === undefined) throw new Error('a third job was there');
    const [ended, started] = [`${formatRef(first)} ${formatRef(second)}`, formatRef(third)];
    expect((await events()).at(-1)).toBe(`e completed j ${ended} e started j ${started}`);
    expect(await resultOf(second)).toContain('"r":1}');
    expect(await redis.client.xlen(keys.stream.normal)).toBe(1);
  });

  it('shows the record of a job that is awaited, and of no other', async () => {
    await submit(2);
    const [first, second] = await takeAs(one, 2);
    if (first === undefined || second === undefined) throw new Error('two jobs were there');
    await complete(one, keys, [end(first), { ...end(second), isAwaited: true }]);
    const ref = formatRef(second);
    const expiresAt = await redis.client.pexpiretime(keys.result(ref));
    const shown = `r ${ref} ${expiresAt} ${await resultOf(second)}`;
    expect((await events()).at(-1)).toBe(`${shown} e completed j ${formatRef(first)} ${ref}`);
  });

  it('shows neither a long record nor many in one event: a history of them would be large', async () => {
    await submit(50);
    const held = await takeAs(one, 50);
    const ends = held.map((delivery, i) => {
      const tail = `,"t":"echo","r":"${'x'.repeat(i === 0 ? 600 : 300)}"}`;
      return { ...end(delivery), tail, isAwaited: true };
    });
    await complete(one, keys, ends);
    const last = (await events()).at(-1) ?? '';
    expect(last).not.toContain('x'.repeat(600));
    expect(last.match(/"r":"x{300}"/g)?.length).toBe(10);
    expect(last.length).toBeLessThan(6_000);
  });

  it('announces what a blocking read brought before it ends it', async () => {
    const awaited = one.awaitWork([{ keys, hearsOnlyWake: false }], 5_000);
    await submit(1);
    const [found] = await awaited;
    if (found?.kind !== 'job') throw new Error('the read brought no job');
    const delivery = { ...found, token: 1 };
    const begun = [formatRef(found)];
    await one.completeAndTake(keys, [end(delivery as unknown as Delivery)], new Map(), 0, {
      ...NOTHING,
      begun,
    });
    expect(await events()).toEqual([`e started j ${begun[0]} e completed j ${begun[0]}`]);
  });

  it('finds its own among whatever else it runs', async () => {
    await submit(200);
    const held = await takeAs(one, 200);
    // Far apart, so that the many between them fill the answer that says whose they are.
    const some = held.filter((_, i) => i % 40 === 0 || i === 199);
    expect(await complete(one, keys, some.map(end))).toEqual(some.map(() => 'done'));
    const [left] = await redis.client.xpending(keys.stream.normal, GROUP);
    expect(left).toBe(200 - some.length);
  });

  it('tells each job apart: done, repeated, stale', async () => {
    await submit(5);
    const mine = await takeAs(one, 3);
    const others = await takeAs(two, 2);
    await complete(one, keys, mine.slice(0, 1).map(end));
    expect(await complete(one, keys, [...others, ...mine].map(end))).toEqual([
      'stale',
      'stale',
      'repeated',
      'done',
      'done',
    ]);
    expect(await Promise.all(others.map(resultOf))).toEqual([null, null]);
    expect(Number(await redis.client.hget(keys.totals, 'completed'))).toBe(3);
    expect(Number(await redis.client.hget(keys.totals, 'staleCommits'))).toBe(2);
  });

  it('changes nothing when one of its groups is missing', async () => {
    await submit(1);
    const [normal] = await takeAs(one, 1);
    if (normal === undefined) throw new Error('a job was there');
    await appendJobs(redis.client, keys, [{ place: 'low', task: 'echo', payload: '1', options: {} }]);
    const [low] = await takeAs(one, 1);
    if (low === undefined) throw new Error('another job was there');
    await redis.client.xgroup('DESTROY', keys.stream.low, GROUP);
    // The group is made anew and the turn repeated: had it ended the first job before, that were no longer so.
    expect(await complete(one, keys, [end(normal), end(low)])).toEqual(['done', 'stale']);
  });
});
