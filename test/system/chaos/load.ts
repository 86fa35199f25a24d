import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../helpers/redis/server.ts';
import type { KeyedJob } from './clients.ts';
import { seeded } from './random.ts';
import type { ScenarioRun } from './scenario-run.ts';

export interface Load {
  /** No job takes longer, ms. */
  maxMs: number;
  /** Jobs submitted in a second, if all goes well. */
  perSecond: number;
  /** The key of the job of this number. Default none. */
  keyOf?: (i: number) => string;
  /** Part of the jobs, from 0 to 1, whose first attempt fails. Default none. */
  failing?: number;
  /** Whether things go on after the last fault, so that the next may come. */
  mayFail?: () => boolean;
}

/** A fault comes this long after the one before is over, at most: at any moment of what goes on. */
const MAX_PAUSE_MS = 200;
const REPORT_EVERY = 10;
/** Part of the jobs that are submitted twice. */
const AGAIN = 0.05;

/** Makes the faults one after another while jobs flow in; jobs do so until there were enough of both. */
export async function underLoad(
  set: ScenarioRun,
  { mayFail = () => true, ...load }: Load,
  fault: (i: number) => Promise<void>,
): Promise<void> {
  const { cluster, options, random, clients } = set;
  let over = false;
  const flow = clients.submitAll(paced(set, load, () => over));
  const faults = async () => {
    for (let i = 0; i < options.faults; i += 1) {
      await until(mayFail, 'a time for the next fault');
      await sleep(random.below(MAX_PAUSE_MS));
      await fault(i);
      if ((i + 1) % REPORT_EVERY === 0) {
        options.say(`${i + 1} faults, ${clients.accepted.size} accepted, ${cluster.journal.ended} ended`);
      }
    }
  };
  try {
    // A flow that breaks off ends the scenario at once.
    await Promise.race([
      faults(),
      flow.then(() => Promise.reject(new Error('the flow of jobs ended early'))),
    ]);
  } finally {
    over = true;
  }
  await flow;
}

/** Jobs of the task `work`, as many as asked for and further ones until it is over, each at its time. */
async function* paced(
  { options }: ScenarioRun,
  { maxMs, perSecond, failing = 0, keyOf }: Load,
  isOver: () => boolean,
): AsyncGenerator<KeyedJob> {
  const random = seeded(options.seed + 2);
  let at = performance.now();
  for (let i = 0; i < options.jobs || !isOver(); i += 1) {
    const payload = { key: `w${i}`, ms: random.below(maxMs), failures: random.next() < failing ? 1 : 0 };
    const job = { task: 'work', payload, ...(keyOf && { key: keyOf(i) }) };
    yield job;
    // Some clients ask twice, and must get the same answer.
    if (random.next() < AGAIN) yield job;
    const now = performance.now();
    // What was missed while nothing was accepted is not made up for.
    at = Math.max(at + 1_000 / perSecond, now);
    if (at > now) await sleep(at - now);
  }
}
