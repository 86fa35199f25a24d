import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RedisServer } from '../../../src/local/redis-server.ts';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';
import { startApi } from '../../helpers/api/server.ts';
import { Load, ONE_STEP_MS } from '../../helpers/jobs/submit-load.ts';
import { SENTINEL_PASSWORD, useSentinels } from '../../helpers/redis/sentinel.ts';
import { until } from '../../helpers/redis/server.ts';
import { readinessOf } from '../../helpers/telemetry/scrape.ts';
import { useBuiltStack } from '../../helpers/workers/built-stack.ts';

const bed = useSentinels({ settings: { 'min-replicas-to-write': '1', 'min-replicas-max-lag': '10' } });
const ENV = { SENTINEL_PASSWORD };
let load: Load;
let loads = 0;

const stack = useBuiltStack(bed, ['default'], ENV, { PROCESSES: '2' });
beforeEach(() => {
  loads += 1;
  load = new Load(stack.origin, stack.file(`journal-${loads}`));
  load.start();
});
afterEach(() => load.stop());

const WARM_UP = 100;
const AFTER_MS = 1_500;

/** Waits until jobs are accepted, calls `fault`, waits until they are accepted again. The time in between, ms. */
async function acceptedAgain(fault: (primary: RedisServer) => Promise<void>) {
  await until(() => load.accepted.length >= WARM_UP, 'accepted jobs');
  const primary = await bed.primary();
  const at = performance.now();
  await fault(primary);
  // What was on its way before the fault may be accepted a moment later.
  const again = await until(() => load.firstAfter(at + ONE_STEP_MS), 'an accepted job after the fault');
  await until(async () => (await bed.primary()) !== primary, 'another primary');
  await sleep(AFTER_MS);
  return { primary, at, ms: Math.round(again - at) };
}

/** Stops the load and waits until all jobs have completed but those that were accepted in the moment of the fault. */
async function allComplete(faultAt: number): Promise<{ lost: number; doubled: number; accepted: number }> {
  await load.stop();
  const lost = await load.untilCompleted(faultAt);
  expect([...load.refused.keys()].filter((kind) => kind !== '503 redis-unavailable')).toEqual([]);
  return { lost, doubled: load.doubled(), accepted: load.accepted.length };
}

describe('API and workers by sentinels', () => {
  it('are ready, and tell the topology and the replicas', async () => {
    await until(async () => {
      const { topology, ready, replicas } = await readinessOf(stack.origin);
      return ready && topology === 'sentinel' && replicas.have === 2;
    }, 'a ready API with two replicas');
  });

  it('go on by themselves when the primary is killed, and nothing that was accepted is lost', async () => {
    const { primary, at, ms } = await acceptedAgain((killed) => killed.kill());
    const figures = await allComplete(at);
    console.log({
      fault: 'kill -9',
      acceptedAgainMs: ms,
      ...figures,
      refused: Object.fromEntries(load.refused),
    });
    await bed.restart(primary);
  });

  it('get no job accepted by the old primary when that is started again', async () => {
    const { primary, at } = await acceptedAgain((killed) => killed.kill());
    // One that knows only the old primary, as a service without sentinels would.
    const { app, origin } = await startApi(primary.url);
    await bed.restart(primary);
    const submit = () => send(origin, { path: '/jobs', headers: JSON_TYPE, body: '{"task":"journal"}' });
    const statuses = new Set<number>();
    await until(async () => {
      statuses.add((await submit()).status);
      return (await readinessOf(origin)).reasons.some((reason) => reason.startsWith('Redis is a replica'));
    }, 'the old primary is a replica');
    await app.close();
    const figures = await allComplete(at);
    console.log({ fault: 'old primary again', ...figures, statuses: [...statuses] });
    expect([...statuses]).toEqual([503]);
  });

  it('go on when the primary hangs, and lose nothing when it wakes up', async () => {
    const { primary, at, ms } = await acceptedAgain(async ({ pid }) => void process.kill(pid, 'SIGSTOP'));
    process.kill(primary.pid, 'SIGCONT');
    await sleep(AFTER_MS);
    const figures = await allComplete(at);
    console.log({
      fault: 'SIGSTOP',
      acceptedAgainMs: ms,
      ...figures,
      refused: Object.fromEntries(load.refused),
    });
  });
});
