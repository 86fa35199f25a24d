import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/clock.ts';
import type { LogBatch } from '../../../../src/lifecycle/scripts/reports/append-log.ts';
import { NO_OBSERVER } from '../../../../src/observer.ts';
import { LogWriter } from '../../../../workers/run/context/log-writer.ts';
import { useApi } from '../../../helpers/api/server.ts';
import { until, useRedis } from '../../../helpers/redis/server.ts';
import { createRunningJob } from '../../../helpers/workers/running-job.ts';
import { useWorker } from '../../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
useWorker(redis);

function createWriter() {
  const batches: LogBatch[] = [];
  const answers: ((isOwner: boolean) => void)[] = [];
  const consumer = {
    appendLog: (_keys: unknown, _delivery: unknown, batch: LogBatch) => {
      batches.push(batch);
      return new Promise<boolean>((resolve) => answers.push(resolve));
    },
  };
  const job = createRunningJob({ attempt: 2 });
  const writer = new LogWriter({ consumer, clock: systemClock, observe: NO_OBSERVER }, job);
  const add = (...messages: string[]) => {
    for (const message of messages) writer.add({ level: 'info', message });
  };
  return { writer, add, batches, answers, job };
}

const messagesIn = ({ lines }: LogBatch) => lines.map(({ tail }) => (JSON.parse(`[${tail}`) as string[])[1]);

describe('the writer of a log', () => {
  it('writes lines together, one write at a time, and the rest when the attempt ends', async () => {
    const { writer, add, batches, answers } = createWriter();
    add('a', 'b');
    await until(() => batches.length === 1, 'the first write');
    add('c');
    answers[0]?.(true);
    await until(() => batches.length === 2, 'the second write');
    add('d');
    writer.close();
    expect(batches.map(messagesIn)).toEqual([['a', 'b'], ['c'], ['d']]);
    expect(batches).toMatchObject([{ attempt: 2, dropped: 0 }, { attempt: 2 }, { attempt: 2 }]);
  });

  it('drops the oldest of too many lines between two writes, and counts them', () => {
    const { writer, add, batches } = createWriter();
    for (let i = 0; i < 25_000; i += 1) add(`line ${i}`);
    writer.close();
    const [batch] = batches;
    expect(batch?.lines).toHaveLength(1_000);
    expect(batch?.dropped).toBe(24_000);
    expect(batch && messagesIn(batch).at(-1)).toBe('line 24999');
  });

  it('drops the oldest of too many bytes between two writes', () => {
    const { writer, add, batches } = createWriter();
    for (let i = 0; i < 500; i += 1) add(`${i} ${'x'.repeat(3_995)}`);
    writer.close();
    const [batch] = batches;
    expect(batch?.lines.length).toBeGreaterThan(10);
    expect((batch?.lines.length ?? 0) + (batch?.dropped ?? 0)).toBe(500);
  });

  it('aborts a job that is no longer held', async () => {
    const { writer, add, answers, job } = createWriter();
    add('a');
    await until(() => answers.length === 1, 'the write');
    answers[0]?.(false);
    await until(() => job.abortCause === 'lease-lost', 'the abort');
    job.handlerEnded();
    writer.close();
  });
});

describe('ctx.log', () => {
  const logOf = async (id: string) => (await api.http.get(`/jobs/${id}/logs`).expect(200)).body;

  it('is in the log of the job once the job has ended', async () => {
    const { id } = await api.submit({ task: 'log', payload: 'hello' });
    await api.finished(id);
    expect(await logOf(id)).toMatchObject({
      items: [{ line: 1, attempt: 1, level: 'info', message: 'hello' }],
      dropped: 0,
    });
  });

  it('of a thread is there, too', async () => {
    const { id } = await api.submit({ task: 'thread', payload: { log: 'inside' } });
    await api.finished(id);
    expect(await logOf(id)).toMatchObject({ items: [{ message: 'inside' }] });
  });

  it('of many lines leaves the last 1,000, of every attempt, with their levels', async () => {
    const { id } = await api.submit({ task: 'log-lines', payload: { lines: 1_500 }, attempts: 2 });
    await api.finished(id);
    const { items, dropped } = await logOf(id);
    expect([items.length + dropped, items.length]).toEqual([3_000, 1_000]);
    expect(items.at(-1)).toMatchObject({ line: 3_000, attempt: 2, level: 'warn', message: 'line 1499' });
  });
});
