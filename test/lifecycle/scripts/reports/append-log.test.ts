import { describe, expect, it } from 'vitest';
import { readLog } from '../../../../src/jobs/scripts/read-log.ts';
import { remove } from '../../../../src/jobs/scripts/remove.ts';
import { cancelOrExpire } from '../../../../src/lifecycle/scripts/cancel.ts';
import { purgeDead, requeueDead } from '../../../../src/lifecycle/scripts/dead-letters.ts';
import { appendLog, type LogBatch } from '../../../../src/lifecycle/scripts/reports/append-log.ts';
import { formatRef, type Ref } from '../../../../src/redis/job-id.ts';
import { GROUP } from '../../../../src/redis/keys.ts';
import { MAX_DEAD, useQueueOfTwo } from '../../../helpers/lifecycle/queue-of-two.ts';
import { sweepAll } from '../../../helpers/lifecycle/sweep-all.ts';
import { useRedis } from '../../../helpers/redis/server.ts';
import { completionOf } from '../../../helpers/workers/manual-worker.ts';
import { complete } from '../../../helpers/workers/moves.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

const tail = (message: string) => `"info",${JSON.stringify(message)}]`;
const batch = (messages: readonly string[], more: Partial<LogBatch> = {}): LogBatch => ({
  attempt: 1,
  dropped: 0,
  lines: messages.map((message) => ({ ageMs: 0, tail: tail(message) })),
  ...more,
});

const append = (ref: Ref, given: LogBatch, consumer = 'one', token = 1) =>
  appendLog(redis.client, queue.keys, consumer, { ref, token }, given);
const read = (ref: Ref, after = 0) => readLog(redis.client, queue.keys, formatRef(ref), after);
const messagesOf = async (ref: Ref, after = 0) =>
  (await read(ref, after)).lines.map(({ line, message }) => `${line} ${message}`);

async function run() {
  const ref = await queue.submit();
  const [delivery] = await queue.takeAs(queue.one);
  if (delivery === undefined) throw new Error('there was no job to take');
  return { ref, delivery, log: queue.keys.log(formatRef(ref)) };
}

/** A running job with a line in its log. */
async function runWithLog() {
  const job = await run();
  expect(await append(job.ref, batch(['here']))).toBe(true);
  return job;
}

describe('the log of a job', () => {
  it('has its lines with number, time and attempt', async () => {
    const { ref } = await run();
    const before = Date.now();
    expect(
      await append(
        ref,
        batch(['a', 'b'], {
          lines: [
            { ageMs: 150, tail: tail('a') },
            { ageMs: 0.4, tail: tail('b') },
          ],
        }),
      ),
    ).toBe(true);
    expect(await append(ref, batch(['c'], { attempt: 2 }))).toBe(true);
    const { lines, total } = await read(ref);
    expect(total).toBe(3);
    expect(lines).toMatchObject([
      { line: 1, attempt: 1, level: 'info', message: 'a' },
      { line: 2, attempt: 1, message: 'b' },
      { line: 3, attempt: 2, message: 'c' },
    ]);
    const [first = 0, second = 0] = lines.map(({ at }) => Date.parse(at));
    expect(second - first).toBe(150);
    expect(Math.abs(second - before)).toBeLessThan(60_000);
    expect(await messagesOf(ref, 2)).toEqual(['3 c']);
    expect(await messagesOf(ref, 99)).toEqual([]);
  });

  it('keeps the last 1,000 lines and counts the others', async () => {
    const { ref } = await run();
    const lines = Array.from({ length: 700 }, (_, i) => String(i));
    await append(ref, batch(lines));
    await append(ref, batch(lines, { dropped: 50 }));
    const { lines: kept, total } = await read(ref);
    expect([kept.length, total, kept[0]?.line, kept[0]?.message]).toEqual([1_000, 1_450, 451, '400']);
    expect(await messagesOf(ref, 1_449)).toEqual(['1450 699']);
  });

  it('keeps 64 KiB', async () => {
    const { ref, log } = await run();
    for (let i = 0; i < 30; i += 1) await append(ref, batch([`${i} ${'x'.repeat(4_000)}`]));
    const stored = await redis.client.lrange(log, 1, -1);
    const bytes = stored.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
    expect(bytes).toBeLessThanOrEqual(65_536);
    expect(bytes).toBeGreaterThan(60_000);
    expect(await redis.client.lindex(log, 0)).toBe(`30 ${bytes}`);
    await append(ref, batch(['y'.repeat(60_000)]));
    expect((await read(ref)).lines.at(-1)).toMatchObject({ line: 31 });
  });

  it('gets no line of an attempt that has lost its lease', async () => {
    const { ref } = await runWithLog();
    await queue.retry(ref, 0);
    await queue.takeAs(queue.two);
    expect(await append(ref, batch(['late']))).toBe(false);
    expect(await append(ref, batch(['mine'], { attempt: 2 }), 'two', 2)).toBe(true);
    expect(await messagesOf(ref)).toEqual(['1 here', '2 mine']);
  });

  it('makes no event, and hints at its job', async () => {
    const { ref } = await run();
    const events = await redis.client.xlen(queue.keys.events);
    await append(ref, batch(['a', 'b']));
    expect(await redis.client.xlen(queue.keys.events)).toBe(events);
    const hints = await redis.client.xrange(queue.keys.logHints, '-', '+');
    expect(hints.map(([, fields]) => fields)).toEqual([['j', formatRef(ref)]]);
  });
});

describe('the log is kept as long as its job', () => {
  it.each(['completed', 'cancelled'] as const)('that has ended as %s', async (status) => {
    const { ref, delivery, log } = await runWithLog();
    expect(await redis.client.pttl(log)).toBe(-1);
    await complete(queue.one, queue.keys, [completionOf(delivery, status, '1')]);
    expect(await redis.client.pexpiretime(log)).toBe(
      await redis.client.pexpiretime(queue.keys.result(formatRef(ref))),
    );
    expect(await messagesOf(ref)).toEqual(['1 here']);
    await remove(redis.client, queue.keys, ref);
    expect(await redis.client.exists(log, queue.keys.notes)).toBe(0);
  });

  it('that is cancelled while it waits', async () => {
    const { ref, log } = await runWithLog();
    await queue.retry(ref, 60_000);
    await cancelOrExpire(redis.client, queue.keys, ref, 'cancelled', 60_000);
    expect(await redis.client.pexpiretime(log)).toBe(
      await redis.client.pexpiretime(queue.keys.result(formatRef(ref))),
    );
  });

  it('beside jobs that end with it and have none', async () => {
    const silent = await run();
    const { delivery, log } = await runWithLog();
    const completions = [silent.delivery, delivery].map((one) => completionOf(one, 'completed', '1'));
    await complete(queue.one, queue.keys, completions);
    expect(await redis.client.pttl(log)).toBeGreaterThan(0);
    expect(await redis.client.exists(silent.log)).toBe(0);
  });

  it('that is a dead letter, also after its retry', async () => {
    const { ref, log } = await runWithLog();
    await queue.bury(ref);
    expect(await redis.client.pttl(log)).toBe(-1);
    await requeueDead(redis.client, queue.keys, [ref]);
    const [delivery] = await queue.takeAs(queue.two);
    await append(ref, batch(['again']), 'two', delivery?.token);
    expect(await messagesOf(ref)).toEqual(['1 here', '2 again']);
  });

  it.each([
    ['removed', async (ref: Ref) => void (await remove(redis.client, queue.keys, ref))],
    ['purged', async (ref: Ref) => void (await purgeDead(redis.client, queue.keys, [ref]))],
    [
      'one too many',
      async () => {
        for (let i = 0; i < MAX_DEAD; i += 1) {
          const ref = await queue.submit();
          await queue.takeAs(queue.one);
          await queue.bury(ref);
        }
      },
    ],
  ])('and not longer than a dead letter that is %s', async (_, end) => {
    const { ref, log } = await runWithLog();
    await queue.bury(ref);
    await end(ref);
    expect(await redis.client.exists(log)).toBe(0);
  });

  it('and not longer than one that a release without logs has ended', async () => {
    const { ref, log } = await runWithLog();
    await redis.client.xack(queue.keys.stream.normal, GROUP, ref.entryId);
    await redis.client.xdel(queue.keys.stream.normal, ref.entryId);
    await sweepAll(redis.client, queue.keys);
    expect(await redis.client.exists(log, queue.keys.notes)).toBe(0);
  });
});
