import type { Bed, Claim, Contender, Figures, Scenario } from '../contract.ts';
import type { Arrive, Arrived } from '../load/jobs.ts';
import { figuresOf, percentiles } from '../load/percentiles.ts';
import { Progress } from '../progress.ts';
import { bullmqFront, type Front, millraceFront } from '../queues/fronts.ts';
import { openTally } from '../tally.ts';

/** Jobs a second that are submitted while nobody works: far from what either can take. */
const RATE = 500;
const CONNECTIONS = 16;
const SEED = 1;
/** Of the jobs that are taken, so many are left out. */
const WARM_UP_JOBS = 1_000;
const PICKUPS = 4_000;
const LIMIT_MS = 60_000;

const stretches = ({ quick }: Bed) =>
  quick ? { warmUpMs: 500, measureMs: 1_000 } : { warmUpMs: 1_000, measureMs: 3_000 };

/**
 * With so many jobs waiting: how long a submit takes (open loop), and then how long a worker with a concurrency of 1
 * waits for its next job once it has ended one. An empty queue gets the few jobs that are picked up.
 */
async function backlogRound(bed: Bed, { queue, start }: Front, backlog: number): Promise<Figures> {
  const { process: api, port } = await start(bed);
  await queue.fill(bed.redis, { task: 'pickup', count: backlog });
  const submitted = await submitSome(bed, port, backlog);
  await api.stop();
  const first = backlog + submitted.count;
  const missing = Math.max(0, WARM_UP_JOBS + PICKUPS - first);
  await queue.fill(bed.redis, { task: 'pickup', first, count: missing });
  const pickup = await pickUpSome(bed, queue, first + missing);
  return { ...figuresOf('submit', submitted.answer), ...pickup };
}

async function submitSome(bed: Bed, port: number, first: number): Promise<Arrived> {
  const { warmUpMs, measureMs } = stretches(bed);
  const client = await bed.start({
    name: 'The load',
    file: new URL('../load/jobs.ts', import.meta.url),
  });
  const arrived = await client.ask<Arrived>({
    do: 'arrive',
    port,
    connections: CONNECTIONS,
    path: '/jobs',
    expected: 202,
    task: 'pickup',
    first,
    rate: RATE,
    ms: warmUpMs + measureMs,
    warmUpMs,
    seed: SEED,
  } satisfies Arrive);
  await client.stop();
  return arrived;
}

async function pickUpSome(bed: Bed, queue: Front['queue'], all: number): Promise<Figures> {
  const tally = await openTally(bed, all, WARM_UP_JOBS);
  const crew = { task: 'pickup', processes: 1, concurrency: 1, env: tally.env } as const;
  const [worker] = await queue.startWorkers(bed, crew);
  const progress = new Progress(() => queue.finished(bed.redis, all), LIMIT_MS);
  await progress.until(WARM_UP_JOBS + PICKUPS);
  await worker?.stop();
  const finished = await queue.finished(bed.redis, all);
  // In the order of their submit, and so each of the first ones once.
  await tally.check((index) => (index < finished ? 1 : 0));
  return figuresOf('pickup', percentiles(await tally.gaps()));
}

const contender = (front: Front, id: string, label: string, backlog: number): Contender => ({
  id,
  label,
  run: (bed) => backlogRound(bed, front, backlog),
});

const steady = (figure: string, name: string, backlog: number): Claim => ({
  text: `${name} p99 behind ${backlog.toExponential(0)} jobs / in an empty queue, Millrace`,
  figure,
  of: 'millrace',
  against: 'millrace-empty',
  better: 'lower',
  least: 1.5,
  aim: 1.1,
});

/** The empty queue is measured beside each: a ratio is only fair within one run. */
const backlogScenario = (name: string, backlog: number): Scenario => ({
  id: `backlog-${name}`,
  title: `Submit and pickup with ${backlog.toLocaleString('en')} jobs waiting`,
  quick: name === '1e4',
  contenders: [
    contender(millraceFront, 'millrace-empty', 'Millrace, empty queue', 0),
    contender(millraceFront, 'millrace', 'Millrace', backlog),
    contender(bullmqFront, 'bullmq-empty', 'BullMQ, empty queue', 0),
    contender(bullmqFront, 'bullmq', 'BullMQ', backlog),
  ],
  figures: ['submitP50', 'submitP99', 'pickupP50', 'pickupP99'],
  claims:
    name === '1e6' ? [steady('submitP99', 'Submit', backlog), steady('pickupP99', 'Pickup', backlog)] : [],
});

export const backlogScenarios: readonly Scenario[] = [
  backlogScenario('1e4', 10_000),
  backlogScenario('1e5', 100_000),
  backlogScenario('1e6', 1_000_000),
];
