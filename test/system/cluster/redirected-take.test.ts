import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { slotOf } from '../../../src/redis/cluster/slots.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { moveSlot, primaryOfSlot } from '../../helpers/redis/cluster-moves.ts';
import { useBuiltStack } from '../../helpers/workers/built-stack.ts';

const ROUNDS = 3;
/** The new primary is slow for so long, as after a large move. */
const SLOW_MS = 240;
/** In this time another job ends, ms. */
const MEANWHILE_MS = 60;
/** The job in question, ms. */
const JOB_MS = 1_000;

const primaryAt = (queue: string) => Math.floor((slotOf(queueKeys('mr', queue).leases) * 3) / 16_384);
const named = (primary: number) =>
  Array.from({ length: 40 }, (_, i) => `q${i}`).find((queue) => primaryAt(queue) === primary) ?? '';
const MOVED = named(0);
const OTHER = named(2);

const cluster = useCluster();
const stack = useBuiltStack(cluster, [MOVED, OTHER], {}, { CONCURRENCY: '2' });

const submit = (queue: string, task: string, payload: unknown) => stack.jobs.submit({ task, queue, payload });

/** The worker ends a job and takes the next one just when the queue has moved: the take goes on to the new primary. */
async function runsAfterMove(round: number): Promise<number> {
  const slot = slotOf(queueKeys('mr', MOVED).leases);
  const from = await primaryOfSlot(cluster.primaries, slot);
  const to = cluster.primaries.find((one, i) => one !== from && i < 2);
  if (to === undefined) throw new Error('three primaries');
  const file = (name: string) => stack.file(`${name}-${round}`);
  const first = await submit(MOVED, 'until-file', { file: file('first') });
  const other = await submit(OTHER, 'until-file', { file: file('other') });
  await Promise.all([stack.jobs.untilStatus(first, 'running'), stack.jobs.untilStatus(other, 'running')]);
  const next = await submit(MOVED, 'journal', { file: file('journal'), ms: JOB_MS });
  await moveSlot(cluster.primaries, slot, from, to);
  await to.client.call('CLIENT', 'PAUSE', SLOW_MS, 'ALL');
  await writeFile(file('first'), '');
  await sleep(MEANWHILE_MS);
  await writeFile(file('other'), '');
  await stack.jobs.untilStatus(next, 'completed');
  const lines = (await readFile(file('journal'), 'utf8')).split('\n');
  return lines.filter((line) => line.includes(' 1 ')).length;
}

it('a job runs once whose take a Cluster sends on to another primary', async () => {
  const runs = [];
  for (let round = 0; round < ROUNDS; round += 1) runs.push(await runsAfterMove(round));
  expect(runs).toEqual(Array.from({ length: ROUNDS }, () => 1));
});
