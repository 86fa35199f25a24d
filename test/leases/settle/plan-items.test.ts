import { describe, expect, it } from 'vitest';
import { JobOperator } from '../../../src/jobs/job-operator.ts';
import {
  type Item,
  type ItemOutcome,
  planItems,
  settleUncompleted,
  staleOutcome,
} from '../../../src/leases/settle/plan-items.ts';
import type { JobReport } from '../../../src/leases/settle/reports.ts';
import { parseJobId } from '../../../src/redis/job-id.ts';
import { announceTasks } from '../../../src/tasks/announcements.ts';
import { newQueue } from '../../helpers/leases/http-worker.ts';
import { newLease, useLeaseQueues } from '../../helpers/leases/lease-queues.ts';
import { completed, failed, released } from '../../helpers/leases/reports.ts';
import { stored } from '../../helpers/redis/dump.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queues = useLeaseQueues(redis);

const itemOf = (report: JobReport, index: number): Item => {
  const parsed = parseJobId(report.id);
  if (parsed === undefined) throw new Error(`no job id: ${report.id}`);
  return { index, ref: parsed.ref, report };
};

/** A lease that holds the jobs, and its plan for reports on them. */
async function planFor(count: number, reportsOn: (ids: string[]) => JobReport[]) {
  const queue = newQueue();
  const keys = queues.core.keySpace.queue(queue);
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) ids.push(await queues.submit(queue));
  const lease = newLease(queue);
  await queues.take(lease, { max: count });
  const consumer = queues.consumerOf(lease);
  const reports = reportsOn(ids);
  const outcomes: ItemOutcome[] = reports.map(({ id }) => staleOutcome(id));
  const plan = () => planItems(queues.core, consumer, keys, reports.map(itemOf), outcomes);
  return { ids, keys, consumer, outcomes, plan };
}

const error = { message: 'no' };

describe('the plan for reports', () => {
  it('sorts jobs that the lease holds by report, and changes nothing', async () => {
    const { ids, outcomes, plan } = await planFor(3, ([a = '', b = '', c = '']) => [
      completed({ id: a, result: 1 }),
      failed({ id: b, error }),
      released({ id: c }),
    ]);
    const before = await stored(redis);
    const { completions, uncompleted, held, latency } = await plan();
    expect(await stored(redis)).toEqual(before);
    expect(held).toBe(3);
    expect(completions.map(({ item }) => item.report.id)).toEqual([ids[0]]);
    expect(uncompleted.map(({ outcome }) => outcome.kind)).toEqual(['failed', 'released']);
    expect([...latency.keys()].map((field) => field.split(':')[0])).toEqual(['run', 'wait']);
    expect(outcomes).toEqual(ids.map(staleOutcome));
  });

  it('refuses a result that does not match the output schema, and leaves the job held', async () => {
    const { ids, keys, outcomes, plan } = await planFor(1, ([id = '']) => [
      completed({ id, result: 'text' }),
    ]);
    await announceTasks(redis.client, keys, [{ name: 'work', output: { type: 'number' } }]);
    await queues.core.tasks.refresh(keys);
    expect(await plan()).toMatchObject({ completions: [], uncompleted: [], held: 1 });
    expect(outcomes).toMatchObject([{ id: ids[0], ok: false, error: { code: 'invalid-result' } }]);
  });

  it('completes a job as cancelled if its cancel was requested, whatever the failure', async () => {
    const { ids, keys, plan } = await planFor(1, ([id = '']) => [failed({ id, error })]);
    await new JobOperator(queues.core).cancel(ids[0] ?? '');
    expect(await redis.client.exists(keys.notes)).toBe(1);
    expect((await plan()).completions).toMatchObject([{ completion: { status: 'cancelled' } }]);
  });

  it('answers a repeated report as the first time, and a contradicting one as stale', async () => {
    const reportsOn = ([id = '']: string[]) => [failed({ id, error, retryable: false })];
    const { ids, keys, consumer, outcomes, plan } = await planFor(1, reportsOn);
    const { uncompleted } = await plan();
    await settleUncompleted(queues.core, consumer, keys, uncompleted, outcomes);
    const answer = [{ id: ids[0], ok: true, status: 'failed' }];
    expect(outcomes).toEqual(answer);
    expect(await plan()).toMatchObject({ held: 0, uncompleted: [] });
    expect(outcomes).toEqual(answer);
    const contradiction = itemOf(released({ id: ids[0] ?? '' }), 0);
    await planItems(queues.core, consumer, keys, [contradiction], outcomes);
    expect(outcomes).toEqual([staleOutcome(ids[0] ?? '')]);
  });
});
