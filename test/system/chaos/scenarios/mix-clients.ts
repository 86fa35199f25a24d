import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyedJob } from '../clients.ts';
import type { ScenarioRun } from '../scenario-run.ts';

type Deed = (set: ScenarioRun, n: number) => Promise<void>;

const MAX_PAUSE_MS = 300;
const MAX_BATCH = 20;
const MAX_WORK_MS = 100;
const MAX_DELAY_MS = 2_000;
/** Attempts that begin earlier than this after the submit fail. */
const ILL_MS = 1_000;
/** Rounds of failing and retrying by hand; together they last much longer than the time of failing. */
const MAX_RETRIES = 50;
const RETRY_PAUSE_MS = 200;

const work = ({ random }: ScenarioRun, key: string, more: Partial<KeyedJob> = {}): KeyedJob => ({
  task: 'work',
  ...more,
  payload: { key, ms: random.below(MAX_WORK_MS), ...more.payload },
});

/** What clients do besides submitting one job after another. Jobs that may end as cancelled have keys with `c`. */
const DEEDS: readonly Deed[] = [
  async (set, n) => {
    const size = 1 + set.random.below(MAX_BATCH);
    await set.clients.submitBatch(
      `b${n}`,
      Array.from({ length: size }, (_, i) => work(set, `b${n}.${i}`)),
    );
  },
  async (set, n) => {
    await set.clients.submit(work(set, `d${n}`, { delay: set.random.below(MAX_DELAY_MS) }));
  },
  async (set, n) => {
    const { random, clients } = set;
    const { ids } = await clients.submit(work(set, `c${n}`, { delay: random.below(2) * MAX_DELAY_MS }));
    for (const id of ids) await clients.insist(`/jobs/${id}/cancel`, [200, 202, 409]);
  },
  async (set, n) => {
    const { clients } = set;
    const payload = { key: `f${n}`, healthyAt: Date.now() + ILL_MS };
    const { ids } = await clients.submit(work(set, `f${n}`, { attempts: 1, payload }));
    for (const id of ids) await retried(set, id);
  },
];

export const mayEndCancelled = (key: string): boolean => key.startsWith('c');

/** Retries a failed job by hand until it is completed. */
async function retried({ clients }: ScenarioRun, id: string): Promise<void> {
  for (let i = 0; i < MAX_RETRIES; i += 1) {
    const job = await clients.finished(id);
    if (job?.status !== 'failed') return;
    await sleep(RETRY_PAUSE_MS);
    await clients.insist(`/jobs/${id}/retry`, [202, 409]);
  }
}

/** Does one thing after another until it is over. */
export async function mixedClient(set: ScenarioRun, name: number, isOver: () => boolean): Promise<void> {
  for (let i = 0; !isOver(); i += 1) {
    await set.random.pick(DEEDS)(set, name * 1_000_000 + i);
    await sleep(set.random.below(MAX_PAUSE_MS));
  }
}
