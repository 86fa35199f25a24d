import { describe, expect, it } from 'vitest';
import { lookup } from '../../../../src/jobs/scripts/lookup.ts';
import type { Unrunnable } from '../../../../src/lifecycle/consumer.ts';
import { cancelOrExpire } from '../../../../src/lifecycle/scripts/cancel.ts';
import { ensureGroups } from '../../../../src/lifecycle/scripts/ensure-groups.ts';
import { holdClasses } from '../../../../src/lifecycle/scripts/holds/hold-classes.ts';
import type { Delivery } from '../../../../src/lifecycle/scripts/take.ts';
import { queueStats } from '../../../../src/queues/stats.ts';
import { formatRef, type Ref } from '../../../../src/redis/job-id.ts';
import { GROUP } from '../../../../src/redis/keys.ts';
import type { Priority } from '../../../../src/schemas/values/names.ts';
import { entryIdsOf, useQueueOfTwo } from '../../../helpers/lifecycle/queue-of-two.ts';
import { sweepAll } from '../../../helpers/lifecycle/sweep-all.ts';
import { useRedis } from '../../../helpers/redis/server.ts';
import { take } from '../../../helpers/workers/moves.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

const REASON = 'task:echo';
const classOf = (...refusers: string[]) => `${REASON}\n${refusers.join(',')}`;

const toHold = (
  { place, entryId, token, readyAt }: Delivery,
  refusers: readonly string[] = [],
): Unrunnable => ({
  ref: { place, entryId },
  token,
  priority: place === 'parked' ? 'normal' : place,
  readyAt,
  reason: REASON,
  refusers,
  expiresAt: undefined,
});

/** Submits a job, which `one` takes and holds. */
async function submitHeld(refusers: readonly string[] = [], priority: Priority = 'normal'): Promise<Ref> {
  const ref = await queue.submit({}, priority);
  const deliveries = await queue.takeAs(queue.one);
  expect(
    await queue.one.hold(
      queue.keys,
      deliveries.map((delivery) => toHold(delivery, refusers)),
    ),
  ).toEqual(deliveries.map(() => 'done'));
  return ref;
}

const takeClasses = async (classes: readonly string[], count = 10) => {
  const taken = await take(queue.two, queue.keys, { count, classes });
  if (taken.kind !== 'taken') throw new Error('no lease');
  return taken;
};
const messages = async () =>
  (await redis.client.xrange(queue.keys.control, '-', '+')).map(([, fields]) => fields);

describe('a held job', () => {
  it('waits as queued until a take asks for its class, and has spent no attempt', async () => {
    const ref = await submitHeld(['v1']);
    expect(await lookup(redis.client, queue.keys, ref)).toMatchObject({ place: 'queued', heldBy: 'task' });
    expect(await takeClasses([])).toMatchObject({ deliveries: [], hasHolds: true });
    expect(await takeClasses([classOf('v2')])).toMatchObject({ deliveries: [], hasHolds: true });
    const { deliveries, hasHolds } = await takeClasses([classOf('v1')]);
    expect(deliveries).toMatchObject([{ entryId: ref.entryId, token: 1, attempt: 1, begun: false }]);
    expect(hasHolds).toBe(false);
    expect(await queue.placeOf(ref)).toBe('running');
  });

  it('is held once: a consumer that does not hold the delivery changes nothing', async () => {
    const ref = await submitHeld();
    const { deliveries } = await takeClasses([classOf()]);
    expect(
      await queue.one.hold(
        queue.keys,
        deliveries.map((delivery) => toHold(delivery)),
      ),
    ).toEqual(['stale']);
    expect(await queue.placeOf(ref)).toBe('running');
  });

  it('keeps the schemas that refused it before', async () => {
    await submitHeld(['v2']);
    const { deliveries } = await takeClasses([classOf('v2')]);
    await queue.two.hold(
      queue.keys,
      deliveries.map((delivery) => toHold(delivery, ['v1'])),
    );
    expect(await holdClasses(redis.client, queue.keys, [''])).toEqual([classOf('v1', 'v2')]);
    const { deliveries: again } = await takeClasses([classOf('v1', 'v2')]);
    await queue.two.hold(
      queue.keys,
      again.map((delivery) => toHold(delivery)),
    );
    expect(await holdClasses(redis.client, queue.keys, ['task:other\n', `${REASON}\n`])).toEqual([
      classOf('v1', 'v2'),
    ]);
  });

  it('is told to the workers if it is the first of its class', async () => {
    await submitHeld(['v1']);
    await submitHeld(['v1']);
    await submitHeld(['v2']);
    expect(await messages()).toEqual([
      ['held', classOf('v1')],
      ['held', classOf('v2')],
    ]);
    await takeClasses([classOf('v1')]);
    await submitHeld(['v1']);
    expect(await messages()).toHaveLength(3);
  });

  it('is taken by its priority, before jobs of that lane that came later', async () => {
    const low = await submitHeld([], 'low');
    const high = await submitHeld([], 'high');
    const laterHigh = await queue.submit({}, 'high');
    const critical = await queue.submit({}, 'critical');
    const { deliveries } = await takeClasses([classOf()]);
    expect(entryIdsOf(deliveries)).toEqual([critical, high, laterHigh, low].map(({ entryId }) => entryId));
  });

  it('is taken at most as often as asked', async () => {
    const refs = [await submitHeld(), await submitHeld(), await submitHeld()];
    expect(entryIdsOf((await takeClasses([classOf()], 2)).deliveries)).toEqual(
      refs.slice(0, 2).map(({ entryId }) => entryId),
    );
    expect(await redis.client.zcard(queue.keys.holds)).toBe(1);
  });

  it('is not taken from a paused queue', async () => {
    await submitHeld();
    await redis.client.hset(queue.keys.settings, 'paused', 1);
    expect(await takeClasses([classOf()])).toMatchObject({ deliveries: [], paused: true, hasHolds: false });
  });

  it('can be cancelled, and expires', async () => {
    for (const status of ['cancelled', 'expired'] as const) {
      const ref = await submitHeld();
      expect(await cancelOrExpire(redis.client, queue.keys, ref, status, 60_000)).toBe('withdrawn');
      expect(await queue.placeOf(ref)).toBe('result');
    }
    expect(await redis.client.exists(queue.keys.holds, queue.keys.notes)).toBe(0);
  });

  it('is due at once if a cancel was asked for while it was delivered', async () => {
    const ref = await queue.submit();
    const deliveries = await queue.takeAs(queue.one);
    await cancelOrExpire(redis.client, queue.keys, ref, 'cancelled', 60_000);
    await queue.one.hold(
      queue.keys,
      deliveries.map((delivery) => toHold(delivery)),
    );
    expect(await queue.takeAs(queue.two)).toMatchObject([{ entryId: ref.entryId, cancelAsked: true }]);
  });

  it('can expire again after its delivery', async () => {
    const ref = await queue.submit({ x: 60_000 });
    const [delivery] = await queue.takeAs(queue.one);
    if (delivery === undefined) throw new Error('no delivery');
    expect(await redis.client.zcard(queue.keys.expiring)).toBe(0);
    await queue.one.hold(queue.keys, [{ ...toHold(delivery), expiresAt: 5_000 }]);
    expect(await redis.client.zscore(queue.keys.expiring, formatRef(ref))).toBe('5000');
  });

  it('counts as queued, in its lane, with its age', async () => {
    await submitHeld([], 'high');
    const parked = await queue.submit({ at: 1, pr: 'low' }, 'parked');
    const [delivery] = await queue.takeAs(queue.one);
    if (delivery === undefined) throw new Error('no delivery');
    await queue.one.hold(queue.keys, [{ ...toHold(delivery), ref: parked, priority: 'low', readyAt: 1 }]);
    const stats = await queueStats(redis.client, queue.keys);
    expect(stats).toMatchObject({
      counts: { queued: 2, scheduled: 0, running: 0, retrying: 0 },
      lanes: { critical: 0, high: 1, normal: 0, low: 1 },
    });
    expect(stats.oldestQueuedMs).toBeGreaterThan(1_000_000);
  });
});

describe('after an accident', () => {
  it('a held job is not found as lost, and one without its member or note is', async () => {
    const kept = await submitHeld();
    const withoutMember = await submitHeld(['v1']);
    const withoutNote = await submitHeld(['v2']);
    const [member = ''] = await redis.client.zrange(queue.keys.holds, 1, '1');
    expect(member).toContain(formatRef(withoutMember));
    await redis.client.zrem(queue.keys.holds, member);
    await redis.client.hdel(queue.keys.notes, `${formatRef(withoutNote)}:h`);
    expect(await sweepAll(redis.client, queue.keys)).toBe(2);
    expect(await redis.client.zcard(queue.keys.holds)).toBe(1);
    expect(await queue.placeOf(kept)).toBe('queued');
    expect(entryIdsOf(await queue.takeAs(queue.two)).sort()).toEqual(
      [withoutMember.entryId, withoutNote.entryId].sort(),
    );
  });

  it('a member whose entry is gone disappears', async () => {
    const { entryId } = await submitHeld();
    await redis.client.xdel(queue.keys.stream.normal, entryId);
    await sweepAll(redis.client, queue.keys);
    expect(await redis.client.exists(queue.keys.holds, queue.keys.notes)).toBe(0);
  });

  it('a held job that the sweep of an earlier release has made due runs once', async () => {
    const ref = await submitHeld();
    await redis.client.zadd(queue.keys.due.normal, 1, formatRef(ref));
    expect(entryIdsOf((await takeClasses([classOf()])).deliveries)).toEqual([ref.entryId]);
    const other = await submitHeld();
    await redis.client.zadd(queue.keys.due.normal, 1, formatRef(other));
    expect(entryIdsOf((await takeClasses([])).deliveries)).toEqual([other.entryId]);
    expect((await takeClasses([classOf()])).deliveries).toEqual([]);
    expect(await redis.client.exists(queue.keys.holds)).toBe(0);
  });

  it('a held job is due once a recreated group delivers it again', async () => {
    const ref = await submitHeld();
    const { normal } = queue.keys.stream;
    await redis.client.xgroup('DESTROY', normal, GROUP);
    await ensureGroups(redis.client, queue.keys);
    const all = [];
    for (let i = 0; i < 3; i += 1) all.push(...(await takeClasses([classOf()])).deliveries);
    expect(entryIdsOf(all)).toEqual([ref.entryId]);
    expect(all[0]).toMatchObject({ token: 1, attempt: 1 });
  });
});
