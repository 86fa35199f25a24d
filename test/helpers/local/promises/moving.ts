import { expect } from 'vitest';
import { until } from '../../redis/server.ts';
import { expectApart, expectTurns, mostAtOnce, type Reader } from './reader.ts';

const submitted = async (reader: Reader, queue: string) => (await reader.stats(queue)).totals.submitted;

async function deduplicates(reader: Reader): Promise<void> {
  for (const queue of ['simple', 'throttle', 'debounce']) {
    expect(await reader.ended(queue), queue).toHaveLength(1);
    expect(await submitted(reader, queue), queue).toBe(1);
  }
  expect((await reader.ended('debounce'))[0]?.result).toEqual({ color: 'white 10' });
  const deployed = await reader.ended('deploy');
  expect(mostAtOnce(deployed)).toBe(1);
  expect(deployed.at(-1)?.metadata).toEqual({ commit: 'c3' });
}

/** A cancelled job frees its place, but for `for`. */
async function freesPlaces(reader: Reader): Promise<void> {
  const waiting = { queue: 'places', task: 'echo', delay: '1h' };
  for (const [unique, status] of [
    [{ key: 'ended' }, 202],
    [{ key: 'kept', for: '5m' }, 200],
  ] as const) {
    const { body } = await reader.submit({ ...waiting, unique });
    expect((await reader.cancel(body.id)).status).toBe(200);
    expect((await reader.submit({ ...waiting, unique })).status).toBe(status);
  }
}

/** While one runs, one more waits, and the place is its own. */
async function untilAndWhileExecuting(reader: Reader): Promise<void> {
  const job = { queue: 'sync', task: 'sleep', key: 'user-8', payload: { ms: 5_000 } };
  const submit = () => reader.submit({ ...job, unique: { until: 'started' } });
  await submit();
  // A job with a key can be shown as running a moment before it starts, and has its place until then.
  let second = await submit();
  await until(async () => {
    if (second.status !== 202) second = await submit();
    return second.status === 202;
  }, 'the place of the first job to be free');
  await reader.untilJob(second.body.id, ({ heldBy }) => heldBy === 'key');
  const third = await submit();
  expect(third).toMatchObject({ status: 200, body: { id: second.body.id } });
  expect(third.headers.get('job-deduplicated')).toBe('true');
  expect((await reader.cancel(second.body.id)).status).toBe(200);
}

async function rejects(reader: Reader): Promise<void> {
  const job = { queue: 'places', task: 'echo', delay: '1h', unique: { key: 'taken', onConflict: 'reject' } };
  const { body } = await reader.submit(job);
  expect(await reader.submit(job)).toMatchObject({
    status: 409,
    body: { code: 'not-unique', jobId: body.id },
  });
}

/** What docs/how-to/move-from-bullmq.md promises. */
export async function bullmqHolds(reader: Reader): Promise<void> {
  await deduplicates(reader);
  await freesPlaces(reader);
  expectApart(await reader.ended('painter'), 15, 100);
  expectTurns(await reader.ended('video'), { ada: 3, bob: 1 });
}

/** What docs/how-to/move-from-sidekiq.md promises. */
export async function sidekiqHolds(reader: Reader): Promise<void> {
  expect(await reader.ended('executed')).toHaveLength(1);
  expect(await submitted(reader, 'executed')).toBe(1);
  await untilAndWhileExecuting(reader);
  const synced = await reader.ended('sync');
  expect(mostAtOnce(synced.filter(({ key }) => key === 'user-7'))).toBe(1);
  await rejects(reader);
  expect(mostAtOnce(await reader.ended('erp'))).toBe(2);
}

/** What docs/how-to/move-from-celery.md promises. */
export async function celeryHolds(reader: Reader): Promise<void> {
  expectApart(await reader.ended('partner'), 15, 100);
  expect(await reader.ended('refresh')).toHaveLength(1);
  expect(await submitted(reader, 'refresh')).toBe(1);
}
