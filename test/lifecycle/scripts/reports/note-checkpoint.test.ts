import { describe, expect, it } from 'vitest';
import { cancelOrExpire } from '../../../../src/lifecycle/scripts/cancel.ts';
import { purgeDead, requeueDead } from '../../../../src/lifecycle/scripts/dead-letters.ts';
import { recover } from '../../../../src/lifecycle/scripts/recover.ts';
import { noteCheckpoint } from '../../../../src/lifecycle/scripts/reports/note-checkpoint.ts';
import { GROUP } from '../../../../src/redis/keys.ts';
import { useQueueOfTwo } from '../../../helpers/lifecycle/queue-of-two.ts';
import { sweepAll } from '../../../helpers/lifecycle/sweep-all.ts';
import { useRedis } from '../../../helpers/redis/server.ts';
import { completionOf } from '../../../helpers/workers/manual-worker.ts';
import { complete } from '../../../helpers/workers/moves.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

const TEXT = '{"n":9007199254740993,"x":1.0}';

/** A job that `one` runs, with a checkpoint. */
async function submitWithCheckpoint(place: 'normal' | 'parked' = 'normal') {
  const ref = await queue.submit(place === 'parked' ? { d: 0 } : {}, place);
  const [delivery] = await queue.takeAs(queue.one);
  if (delivery === undefined) throw new Error('there was no job to take');
  expect(delivery.checkpoint).toBeUndefined();
  expect(await save('one', ref, TEXT)).toBe(true);
  return { ref, delivery };
}

const save = (consumer: string, ref: Parameters<typeof queue.placeOf>[0], text: string, token = 1) =>
  noteCheckpoint(redis.client, queue.keys, consumer, { ref, token }, text);

const hasNotes = async () => (await redis.client.exists(queue.keys.notes)) === 1;

describe('the next attempt gets the checkpoint as it was written', () => {
  it.each(['normal', 'parked'] as const)('after a retry (%s)', async (place) => {
    const { ref } = await submitWithCheckpoint(place);
    await queue.retry(ref, 0);
    expect(await queue.takeAs(queue.two)).toMatchObject([{ attempt: 2, checkpoint: TEXT }]);
  });

  it('after a release', async () => {
    const { ref } = await submitWithCheckpoint();
    await queue.one.release(queue.keys, [{ ref, token: 1, begun: true }]);
    expect(await queue.takeAs(queue.two)).toMatchObject([{ attempt: 1, checkpoint: TEXT }]);
  });

  it('after its worker was lost', async () => {
    await submitWithCheckpoint();
    await recover(redis.client, queue.keys, { consumer: 'one', lingerMs: 0, how: 'SIGKILL' });
    expect(await queue.takeAs(queue.two)).toMatchObject([{ attempt: 2, checkpoint: TEXT }]);
  });

  it('after a retry of its dead letter by hand', async () => {
    const { ref } = await submitWithCheckpoint();
    await queue.bury(ref);
    await requeueDead(redis.client, queue.keys, [ref]);
    expect(await queue.takeAs(queue.two)).toMatchObject([{ attempt: 1, checkpoint: TEXT }]);
  });

  it('after the consumer group was destroyed', async () => {
    const { ref } = await submitWithCheckpoint();
    await redis.client.xgroup('DESTROY', queue.keys.stream.normal, GROUP);
    const taken = [];
    for (let i = 0; i < 3; i += 1) taken.push(...(await queue.takeAs(queue.two)));
    expect(taken).toMatchObject([{ entryId: ref.entryId, checkpoint: TEXT }]);
  });
});

describe('a stale attempt', () => {
  it('cannot overwrite the checkpoint of its successor', async () => {
    const { ref } = await submitWithCheckpoint();
    await queue.retry(ref, 0);
    await queue.takeAs(queue.two);
    expect(await save('two', ref, '2', 2)).toBe(true);
    expect(await save('one', ref, '1', 1)).toBe(false);
    expect(await save('two', ref, '1', 1)).toBe(false);
    expect(await redis.client.hget(queue.keys.notes, `n${ref.entryId}:s`)).toBe('2');
  });
});

describe('a checkpoint is removed', () => {
  it('by null', async () => {
    const { ref } = await submitWithCheckpoint();
    expect(await save('one', ref, 'null')).toBe(true);
    expect(await hasNotes()).toBe(false);
  });

  it.each(['completed', 'cancelled'] as const)('with the end of its job as %s', async (status) => {
    const { delivery } = await submitWithCheckpoint();
    await complete(queue.one, queue.keys, [completionOf(delivery, status, '1')]);
    expect(await hasNotes()).toBe(false);
  });

  it('with a job that is cancelled while it waits', async () => {
    const { ref } = await submitWithCheckpoint();
    await queue.retry(ref, 60_000);
    await cancelOrExpire(redis.client, queue.keys, ref, 'cancelled', 60_000);
    expect(await hasNotes()).toBe(false);
  });

  it('with its dead letter', async () => {
    const { ref } = await submitWithCheckpoint();
    await queue.bury(ref);
    expect(await hasNotes()).toBe(true);
    await purgeDead(redis.client, queue.keys, [ref]);
    expect(await hasNotes()).toBe(false);
  });

  it('by the sweep, when a release that knows no checkpoints has ended its job', async () => {
    const { ref } = await submitWithCheckpoint();
    await redis.client.xack(queue.keys.stream.normal, GROUP, ref.entryId);
    await redis.client.xdel(queue.keys.stream.normal, ref.entryId);
    const kept = await submitWithCheckpoint();
    await sweepAll(redis.client, queue.keys);
    expect(await redis.client.hkeys(queue.keys.notes)).toEqual([`n${kept.ref.entryId}:s`]);
  });
});
