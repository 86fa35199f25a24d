import { describe, expect, it } from 'vitest';
import { JobInspector } from '../../src/jobs/job-inspector.ts';
import { JobOperator } from '../../src/jobs/job-operator.ts';
import { DeadlineEnforcer } from '../../src/leases/deadline-enforcer.ts';
import { CANCEL_PATIENCE_MS } from '../../src/lifecycle/scripts/cancel.ts';
import { formatRef, parseJobId } from '../../src/redis/job-id.ts';
import { newQueue } from '../helpers/leases/http-worker.ts';
import { newLease, useLeaseQueues } from '../helpers/leases/lease-queues.ts';
import { consumersOf } from '../helpers/redis/dump.ts';
import { until, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const queues = useLeaseQueues(redis);

const keysOf = (queue: string) => queues.core.keySpace.queue(queue);
const statusOf = async (id: string) => (await new JobInspector(queues.core).find(id)).status;
/** An enforcer that has checked all queues, so that it acts on deadlines alone. */
async function newEnforcer(busy: readonly string[] = []): Promise<DeadlineEnforcer> {
  const enforcer = new DeadlineEnforcer(queues.core, async () => busy.map(keysOf));
  await enforcer.run();
  return enforcer;
}

describe('the deadlines of silent HTTP workers', () => {
  it('end attempts beyond their timeout at that time, and leave the others', async () => {
    const enforcer = await newEnforcer();
    const queue = newQueue();
    const slow = await queues.submit(queue, { options: { to: 1, a: 1 } });
    const next = await queues.submit(queue, { options: { to: 600, a: 1 } });
    const other = await queues.submit(queue);
    await queues.take(newLease(queue), { max: 3 });
    for (const id of [slow, next]) {
      await until(async () => {
        await enforcer.run();
        return (await statusOf(id)) === 'failed';
      }, 'the end of the attempt');
    }
    expect(await new JobInspector(queues.core).find(slow)).toMatchObject({ error: { name: 'timeout' } });
    expect(await statusOf(other)).toBe('running');
  });

  it('end a cancelled job once its worker had time to stop, and the lease with its last job', async () => {
    const enforcer = await newEnforcer();
    const queue = newQueue();
    const id = await queues.submit(queue);
    await queues.take(newLease(queue));
    await new JobOperator(queues.core).cancel(id);
    await enforcer.run();
    expect(await statusOf(id)).toBe('running');
    const ref = parseJobId(id)?.ref;
    const field = ref === undefined ? '' : `${formatRef(ref)}:c`;
    const askedAt = Number(await redis.client.hget(keysOf(queue).notes, field));
    await redis.client.hset(keysOf(queue).notes, field, askedAt - CANCEL_PATIENCE_MS);
    queues.core.deadlines.note(queue, 0);
    await enforcer.run();
    expect(await statusOf(id)).toBe('cancelled');
    expect(await consumersOf(redis, queue)).toEqual([]);
  });

  it('are found by a process that did not hand the job out', async () => {
    const queue = newQueue();
    const id = await queues.submit(queue, { options: { to: 1, a: 1 } });
    await queues.take(newLease(queue));
    queues.core.deadlines.takeDue();
    await until(async () => {
      await newEnforcer([queue]);
      return (await statusOf(id)) === 'failed';
    }, 'the end of the attempt');
  });

  it('are found among many leases and jobs', async () => {
    const enforcer = await newEnforcer();
    const queue = newQueue();
    const ids: string[] = [];
    for (let i = 0; i < 450; i += 1)
      ids.push(await queues.submit(queue, { options: i % 2 ? { to: 1, a: 1 } : {} }));
    await queues.take(newLease(queue), { max: 230 });
    for (let i = 0; i < 220; i += 1) await queues.take(newLease(queue));
    await until(async () => {
      await enforcer.run();
      return (await redis.client.zcard(keysOf(queue).dead.normal)) === 225;
    }, 'the end of the attempts');
    expect(await statusOf(ids[0] ?? '')).toBe('running');
  });

  it('cost Redis nothing until one has come', async () => {
    const enforcer = await newEnforcer();
    const queue = newQueue();
    await queues.submit(queue);
    await queues.take(newLease(queue));
    const calls = async () =>
      Number(/total_commands_processed:(\d+)/.exec(await redis.client.info('stats'))?.[1]);
    const before = await calls();
    await enforcer.run();
    expect((await calls()) - before).toBe(1);
  });
});
