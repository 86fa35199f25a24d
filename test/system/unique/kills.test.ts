import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import type { QueueStats } from '../../../src/schemas/queue.ts';
import { until } from '../../helpers/redis/server.ts';
import { Cluster, QUEUE } from '../chaos/cluster.ts';
import type { Execution } from '../chaos/journal.ts';
import { type Random, seeded } from '../chaos/random.ts';
import { nextStarted } from '../chaos/waits.ts';
import { Edits } from './edits.ts';
import { lastRun, overlaps } from './journal.ts';

/** Of each kind: `UNIQUE_KILLS=20` makes it long, `UNIQUE_KILLS_SEED` chooses again. */
const KILLS = Number(process.env['UNIQUE_KILLS'] ?? 2);
const SEED = Number(process.env['UNIQUE_KILLS_SEED'] ?? 20_261_129);
/** Longer than Redis is away, so that no lease ends for that. */
const LEASE_MS = 6_000;

let cluster: Cluster;
let random: Random;
beforeAll(async () => {
  random = seeded(SEED);
  cluster = await Cluster.start({ workers: 2, processes: 2, concurrency: 4, leaseMs: LEASE_MS });
});
afterAll(async () => {
  await cluster.stop();
});

async function killWorker(): Promise<void> {
  const found = await until(() => {
    const worker = random.pick(cluster.workers);
    const [pid] = worker.children.filter((one) => cluster.journal.inFlight([one]).length > 0);
    return worker.ready && pid !== undefined && { worker, pid };
  }, 'a busy worker');
  found.worker.signal('SIGKILL', random.below(2) === 0 ? 'tree' : found.pid);
  await nextStarted(cluster, Date.now());
}

async function killApi(): Promise<void> {
  const which = random.below(cluster.apis.length);
  cluster.apis[which]?.signal('SIGKILL');
  await cluster.untilApiReady(which);
}

const KINDS = [killWorker, killApi, () => cluster.redis.restart('SIGKILL')];

/** An API may still be on its way back to Redis. */
const get = <T>(path: string): Promise<T> =>
  until(async () => {
    const answer = await fetch(`${cluster.origins[0]}${path}`);
    const body = (await answer.json()) as T;
    if (answer.ok) return body;
    if (answer.status !== 503) throw new Error(`GET ${path} is answered ${answer.status}`);
    return undefined;
  }, `an answer to GET ${path}`);

describe('unique jobs while workers, APIs and Redis are killed', () => {
  it(
    'are never two at once, and none is lost or held for ever',
    async () => {
      const edits = new Edits(cluster.origins);
      let isOver = false;
      const submits = (async () => {
        while (!isOver) await edits.next();
      })();
      const kills = async () => {
        for (let i = 0; i < KILLS * KINDS.length; i += 1) {
          const accepted = edits.accepted.size;
          await KINDS[i % KINDS.length]?.();
          await until(() => edits.accepted.size > accepted, 'the next accepted job');
        }
      };
      try {
        await Promise.race([kills(), submits]);
      } finally {
        isOver = true;
      }
      await submits;
      const jobs = await until(async () => {
        const found = await Promise.all([...edits.accepted].map((id) => get<Job>(`/jobs/${id}`)));
        return found.every(({ finishedAt }) => finishedAt !== undefined) && found;
      }, 'the end of all jobs');
      expect(jobs.filter(({ status }) => status !== 'completed')).toEqual([]);
      const runs = cluster.journal.executions;
      expect(overlaps(runs)).toEqual([]);
      for (const [place, submit] of edits.last)
        expect([place, lastRun(runs, place)]).toEqual([place, submit]);
      const { counts, totals } = await get<QueueStats>(`/queues/${QUEUE}/stats`);
      expect(counts).toEqual({ queued: 0, scheduled: 0, running: 0, retrying: 0, failed: 0 });
      expect(totals).toMatchObject({ submitted: jobs.length, completed: jobs.length });
      expect(new Set(runs.map(({ id }) => id))).toEqual(edits.accepted);
    },
    120_000 + KILLS * 60_000,
  );
});

describe('jobs of a place', () => {
  const run = (id: string, startedAt: number, endedAt?: number): Execution => ({
    run: `${id} ${startedAt}`,
    key: 'place 1',
    id,
    attempt: 1,
    pid: 1,
    startedAt,
    ...(endedAt !== undefined && { endedAt }),
  });

  it('are seen to overlap when they do', () => {
    expect(overlaps([run('a', 1), run('a', 3, 5), run('b', 5, 6)])).toEqual([]);
    expect(overlaps([run('a', 1, 5), run('b', 4, 6)])).toEqual(['place: b began while a ran']);
    expect(overlaps([run('a', 1), run('b', 2, 3), run('a', 4, 5)])).toHaveLength(1);
  });
});
