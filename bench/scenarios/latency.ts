import type { Bed, Claim, Contender, Figures, Scenario } from '../contract.ts';
import type { Arrive, Arrived, Flood, Flooded } from '../load/jobs.ts';
import { figuresOf } from '../load/percentiles.ts';
import { bullmqFront, type Front, millraceFront } from '../queues/fronts.ts';
import { openTally } from '../tally.ts';
import { checkResults } from './running.ts';

const CONCURRENCY = 100;
const CONNECTIONS = 200;
const SATURATING_CONNECTIONS = 100;
/** Same arrivals for every contender and round. */
const SEED = 1;
const MOST_JOBS = 1_000_000;
const FIGURES = ['offered', 'answerP50', 'answerP90', 'answerP99', 'answerP999'];
const START_FIGURES = ['startP50', 'startP90', 'startP99', 'startP999'];

const stretches = ({ quick }: Bed) =>
  quick ? { warmUpMs: 700, measureMs: 1_500 } : { warmUpMs: 1_500, measureMs: 3_500 };

/** After the warm-up, which is as much as can be, the arrivals at their own rate are left out for so long. */
const CALM_MS = 300;

interface Running {
  /** As many jobs as can be for so long, from this index on. */
  flood(first: number, ms: number): Promise<Flooded>;
  /** Jobs at this rate, from this index on. */
  arrive(first: number, rate: number, ms: number): Promise<Arrived>;
  /** Ends all, and checks that each of so many jobs was done once. */
  end(jobs: number): Promise<void>;
}

/** One API process and one worker process with a concurrency of 100. */
async function start(bed: Bed, { queue, startWaiting, waitPath }: Front): Promise<Running> {
  const tally = await openTally(bed, MOST_JOBS);
  const crew = { task: 'stamp', processes: 1, concurrency: CONCURRENCY, env: tally.env } as const;
  const server = await startWaiting(bed);
  const workers = await queue.startWorkers(bed, crew);
  const client = await bed.start({
    name: 'The load',
    file: new URL('../load/jobs.ts', import.meta.url),
  });
  const target = { port: server.port, path: waitPath, expected: 200, task: 'stamp' } as const;
  return {
    flood: (first, ms) =>
      client.ask({
        do: 'flood',
        ...target,
        connections: SATURATING_CONNECTIONS,
        first,
        jobs: MOST_JOBS,
        ms,
      } satisfies Flood),
    arrive: (first, rate, ms) =>
      client.ask({
        do: 'arrive',
        ...target,
        connections: CONNECTIONS,
        first,
        rate,
        ms: CALM_MS + ms,
        warmUpMs: CALM_MS,
        seed: SEED,
      } satisfies Arrive),
    async end(jobs) {
      for (const process of [client, server.process, ...workers]) await process.stop();
      await tally.check((index) => (index < jobs ? 1 : 0));
      await checkResults(bed, queue, jobs);
    },
  };
}

let known: number | undefined;

/**
 * Jobs a second that BullMQ answers at most; measured once, on whichever bed comes first. Both contenders are then
 * asked for the same number of jobs: at a share of its own saturation, the faster one would have more to do.
 */
async function saturation(bed: Bed): Promise<number> {
  if (known !== undefined) return known;
  const { flood, end } = await start(bed, bullmqFront);
  const { warmUpMs, measureMs } = stretches(bed);
  const warmUp = await flood(0, warmUpMs);
  const { count, seconds } = await flood(warmUp.count, measureMs / 2);
  await end(warmUp.count + count);
  await bed.redis.call('FLUSHALL');
  known = count / seconds;
  return known;
}

async function latencyRound(bed: Bed, front: Front, share: number): Promise<Figures> {
  const rate = (await saturation(bed)) * share;
  const { warmUpMs, measureMs } = stretches(bed);
  const { flood, arrive, end } = await start(bed, front);
  const warmUp = await flood(0, warmUpMs);
  const arrived = await arrive(warmUp.count, rate, measureMs);
  await end(warmUp.count + arrived.count);
  if (arrived.start === undefined) throw new Error('The answers do not tell when the jobs began.');
  return { offered: rate, ...figuresOf('answer', arrived.answer), ...figuresOf('start', arrived.start) };
}

const contender = (front: Front, label: string, share: number): Contender => ({
  id: front.queue.id,
  label,
  run: (bed) => latencyRound(bed, front, share),
});

const faster = (figure: string, name: string): Claim => ({
  text: `Submit to result at 25 % of saturation, ${name}, Millrace / BullMQ`,
  figure,
  of: 'millrace',
  against: 'bullmq',
  better: 'lower',
  least: 0.8,
  aim: 0.5,
});

const CLAIMS = [faster('answerP50', 'p50'), faster('answerP99', 'p99')];

export const latencyScenarios: readonly Scenario[] = [25, 50, 75, 90].map((percent) => ({
  id: `latency-${percent}`,
  title: `Latency of jobs that come at ${percent} % of what BullMQ can answer (Poisson, from the intended time)`,
  quick: percent === 25,
  contenders: [
    contender(bullmqFront, 'BullMQ, waitUntilFinished behind a Fastify route', percent / 100),
    contender(millraceFront, 'Millrace, POST /jobs?wait=10', percent / 100),
  ],
  figures: [...FIGURES, ...START_FIGURES],
  claims: percent === 25 ? CLAIMS : [],
}));
