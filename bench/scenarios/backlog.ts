import type { Bed, Claim, Contender, Figures, Scenario } from '../contract.ts';
import type { Arrive, Arrived, Flood, Flooded } from '../load/jobs.ts';
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

/** Jobs that warm the API up: an empty queue holds these. */
const FLOOD_JOBS = 3_000;
/** After them, the arrivals at their own rate are left out for so long. */
const CALM_MS = 300;
const measureMs = ({ quick }: Bed): number => (quick ? 1_000 : 3_000);

/**
 * With so many jobs waiting: how long a submit takes (open loop), and then how long a worker with a concurrency of 1
 * waits for its next job once it has ended one. An empty queue is one with a few thousand jobs: as many as are taken.
 */
async function backlogRound(bed: Bed, { queue, start }: Front, backlog: number): Promise<Figures> {
  const { process: api, port } = await start(bed);
  const load = await startLoad(bed, port);
  const { count } = await load.flood();
  await queue.fill(bed.redis, { task: 'pickup', first: count, count: backlog });
  const submitted = await load.arrive(count + backlog);
  await load.stop();
  await api.stop();
  const first = count + backlog + submitted.count;
  const missing = Math.max(0, WARM_UP_JOBS + PICKUPS - first);
  await queue.fill(bed.redis, { task: 'pickup', first, count: missing });
  const pickup = await pickUpSome(bed, queue, first + missing);
  return { ...figuresOf('submit', submitted.answer), ...pickup };
}

async function startLoad(bed: Bed, port: number) {
  const client = await bed.start({
    name: 'The load',
    file: new URL('../load/jobs.ts', import.meta.url),
  });
  const target = { port, connections: CONNECTIONS, path: '/jobs', expected: 202, task: 'pickup' } as const;
  const flood: Flood = { do: 'flood', ...target, first: 0, jobs: FLOOD_JOBS, ms: LIMIT_MS };
  const arrivals = { rate: RATE, ms: CALM_MS + measureMs(bed), warmUpMs: CALM_MS, seed: SEED };
  return {
    flood: () => client.ask<Flooded>(flood),
    arrive: (first: number) =>
      client.ask<Arrived>({ do: 'arrive', ...target, ...arrivals, first } satisfies Arrive),
    stop: () => client.stop(),
  };
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

const behind = (front: Front, label: string, backlog: number): Contender => ({
  id: front.queue.id,
  label,
  variant: 'backlog',
  run: (bed) => backlogRound(bed, front, backlog),
});

const empty = (front: Front, label: string): Contender => ({
  ...behind(front, label, 0),
  id: `${front.queue.id}-empty`,
  variant: 'empty',
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

const both = (backlog: number): Contender[] => [
  behind(millraceFront, 'Millrace', backlog),
  behind(bullmqFront, 'BullMQ', backlog),
];

/** Beside the longest backlog, since a ratio is only fair within one run. */
const EMPTY = [empty(millraceFront, 'Millrace, empty queue'), empty(bullmqFront, 'BullMQ, empty queue')];

const head = (name: string, backlog: number) => ({
  id: `backlog-${name}`,
  title: `Submit (${RATE}/s) and pickup with ${backlog.toLocaleString('en')} jobs waiting`,
  figures: ['submitP50', 'submitP99', 'pickupP50', 'pickupP99'],
});

export const backlogScenarios: readonly Scenario[] = [
  { ...head('1e4', 1e4), quick: true, contenders: both(1e4) },
  { ...head('1e5', 1e5), quick: false, contenders: both(1e5) },
  {
    ...head('1e6', 1e6),
    quick: false,
    contenders: [...EMPTY, ...both(1e6)],
    claims: [steady('submitP99', 'Submit', 1e6), steady('pickupP99', 'Pickup', 1e6)],
  },
];
