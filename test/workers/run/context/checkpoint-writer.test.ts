import { describe, expect, it } from 'vitest';
import { CheckpointWriter } from '../../../../workers/run/context/checkpoint-writer.ts';
import type { PersistentWriter } from '../../../../workers/run/persistent-writer.ts';
import { useApi } from '../../../helpers/api/server.ts';
import { until, useRedis } from '../../../helpers/redis/server.ts';
import { createRunningJob } from '../../../helpers/workers/running-job.ts';
import { startWorker, useWorker } from '../../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
useWorker(redis);

describe('ctx.checkpoint', () => {
  it.each(['steps', 'thread-steps'])(
    'is what the next attempt sees as ctx.lastCheckpoint (%s)',
    async (task) => {
      const { id } = await api.submit({ task, payload: {} });
      expect(await api.finished(id)).toMatchObject({
        status: 'completed',
        attempt: 3,
        result: { before: { steps: [1, 2] } },
      });
      expect(await api.get(id)).not.toHaveProperty('checkpoint');
    },
  );

  it('refuses what cannot be kept, and the former one stays with the dead letter', async () => {
    const { id } = await api.submit({
      task: 'checkpoints',
      payload: { values: [{ a: 1 }, 'large', 'bigint'] },
    });
    expect(await api.finished(id)).toMatchObject({
      status: 'failed',
      checkpoint: { a: 1 },
      error: { message: 'UnusableCheckpoint,unusable-checkpoint' },
    });
  });

  it('survives kill -9 of the process that runs the job', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'killed' });
    const { id } = await api.submit({ task: 'steps', queue: 'killed', payload: { way: 'hold' } });
    const running = (attempt: number) =>
      until(async () => {
        const found = await api.get(id);
        return found.attempt === attempt && found.progress !== undefined && found;
      }, `attempt ${attempt}`);
    const { worker: lease = '' } = await running(1);
    process.kill(Number(/\.(\d+)\./.exec(lease)?.[1]), 'SIGKILL');
    expect(await running(2)).toMatchObject({ status: 'running', checkpoint: { steps: [1, 2] } });
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    expect(await api.finished(id)).toMatchObject({ status: 'cancelled' });
    expect(await worker.stop()).toBe(0);
  });
});

describe('the writer of checkpoints', () => {
  it('writes one at a time, and replaces one that waits by a later one', async () => {
    const written: string[] = [];
    const answers: ((isHeld: boolean) => void)[] = [];
    const writer: Pick<PersistentWriter, 'checkpoint'> = {
      checkpoint: (_keys, _delivery, text) => {
        written.push(text);
        return new Promise((resolve) => answers.push(resolve));
      },
    };
    const job = createRunningJob();
    const checkpoints = new CheckpointWriter(writer, job);
    const first = checkpoints.write(1);
    await until(() => answers.length === 1, 'the first write');
    const others = [checkpoints.write(2), checkpoints.write(3)];
    answers[0]?.(true);
    await first;
    await until(() => answers.length === 2, 'the last write');
    answers[1]?.(false);
    for (const other of others) await expect(other).rejects.toThrow('lost its lease');
    expect(written).toEqual(['1', '3']);
    expect(job.abortCause).toBe('lease-lost');
    job.handlerEnded();
    checkpoints.close();
    await expect(checkpoints.write(4)).rejects.toThrow('has ended');
  });
});
