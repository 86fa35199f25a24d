import { expect, it } from 'vitest';
import { recallOnce } from '../../../../src/jobs/submit/scripts/once.ts';
import { submitTogether } from '../../../../src/jobs/submit/scripts/submit.ts';
import { configure } from '../../../../src/queues/scripts/configure.ts';
import { type Place, type QueueKeys, queueKeys } from '../../../../src/redis/keys.ts';
import { useRedis } from '../../../helpers/redis/server.ts';

const redis = useRedis();

const entry = (keys: QueueKeys, place: Place, options = {}) => ({
  keys,
  place,
  task: 'echo',
  payload: '1',
  options,
});

it('stores jobs of several queues in their places', async () => {
  const [first, second] = [queueKeys('mr', 'first'), queueKeys('mr', 'second')];
  const submitted = await submitTogether(redis.client, [
    entry(second, 'high', { x: 1_000 }),
    entry(first, 'parked', { d: 60_000 }),
    entry(second, 'low'),
  ]);
  const ids = submitted.kind === 'stored' ? submitted.entryIds : [];
  expect(ids).toHaveLength(3);
  const created = Number(ids[0]?.split('-')[0]);
  expect(await redis.client.zrange(second.expiring, 0, '-1', 'WITHSCORES')).toEqual([
    `h${ids[0]}`,
    String(created + 1_000),
  ]);
  expect(await redis.client.zrange(first.scheduled, 0, '-1')).toEqual([`p${ids[1]}`]);
  expect(await redis.client.xlen(second.stream.low)).toBe(1);
});

it('stores all jobs or none, and names the queue that is full', async () => {
  const [free, full] = [queueKeys('mr', 'free'), queueKeys('mr', 'full')];
  await configure(redis.client, full, { maxJobs: 1 });
  const jobs = [entry(free, 'normal'), entry(full, 'normal'), entry(full, 'normal')];
  expect(await submitTogether(redis.client, jobs)).toEqual({ kind: 'full', entry: jobs[2], maxJobs: 1 });
  expect(await redis.client.exists(free.stream.normal, full.stream.normal)).toBe(0);
});

it('stores the jobs of one key once', async () => {
  const keys = queueKeys('mr', 'once');
  const once = {
    key: keys.idempotency('k'),
    queue: 'once',
    fingerprint: 'f',
    ttlMs: 60_000,
    note: 'refused: none',
  };
  const first = await submitTogether(redis.client, [entry(keys, 'normal')], once);
  const entryId = first.kind === 'stored' ? first.entryIds[0] : '';
  const stored = {
    fingerprint: 'f',
    refs: [{ place: 'normal', entryId }],
    note: 'refused: none',
    isExact: true,
  };
  expect(await submitTogether(redis.client, [entry(keys, 'normal')], once)).toEqual({
    kind: 'replayed',
    ...stored,
  });
  expect(await recallOnce(redis.client, once.key)).toEqual(stored);
  const other = { ...once, fingerprint: 'g' };
  expect(await submitTogether(redis.client, [entry(keys, 'normal')], other)).toEqual({ kind: 'mismatch' });
  expect(await redis.client.xlen(keys.stream.normal)).toBe(1);
});

it('writes events for the jobs of the queues that ask for them, in entries of a bounded size', async () => {
  const [told, quiet] = [queueKeys('mr', 'told'), queueKeys('mr', 'untold')];
  await configure(redis.client, told, { submitEvents: true });
  const entries = Array.from({ length: 450 }, (_, i) =>
    entry(told, i === 0 ? 'parked' : 'high', { d: 60_000 }),
  );
  const submitted = await submitTogether(redis.client, [...entries, entry(quiet, 'normal')]);
  const ids = submitted.kind === 'stored' ? submitted.entryIds : [];
  const events = await redis.client.xrange(told.events, '-', '+');
  const refs = events.map(([, [, kind, , list = '']]) => (kind === 'submitted' ? list.split(' ') : []));
  expect(refs.map(({ length }) => length)).toEqual([200, 200, 50]);
  expect(refs.flat()).toEqual(ids.slice(0, 450).map((id, i) => `${i === 0 ? 'p' : 'h'}${id}`));
  expect(await redis.client.exists(quiet.events)).toBe(0);
});
