import type { Bed, Contender, Figures, Scenario } from '../contract.ts';
import type { Flood, Flooded } from '../load/jobs.ts';
import { Progress, rateBetween } from '../progress.ts';
import { bullmqFront, type Front, millraceFront } from '../queues/fronts.ts';
import { openTally } from '../tally.ts';
import { Usage } from '../usage.ts';
import { less } from './claims.ts';
import { checkResults, WARM_UP } from './running.ts';

const CONCURRENCY = 100;
const CONNECTIONS = 64;
const LIMIT_MS = 60_000;

interface Plan {
  readonly jobs: number;
  readonly quickJobs: number;
  /** Of JSON, about. */
  readonly payloadBytes: number;
}

const PLAIN: Plan = { payloadBytes: 100, jobs: 30_000, quickJobs: 6_000 };

/** Kilobytes are of 1,024 bytes. */
const PAYLOADS = [
  { name: '1k', payloadBytes: 1_024, jobs: 30_000, quickJobs: 6_000 },
  { name: '16k', payloadBytes: 16_384, jobs: 10_000, quickJobs: 2_000 },
  { name: '256k', payloadBytes: 262_144, jobs: 1_500, quickJobs: 500 },
] as const;

/**
 * Submits jobs over HTTP one by one and then runs them. What Redis and the API do is counted for all of the jobs, since
 * a warm-up does not change what they are asked for; the two rates leave it out.
 */
async function wholeRound(bed: Bed, { queue, start }: Front, plan: Plan): Promise<Figures> {
  const jobs = bed.quick ? plan.quickJobs : plan.jobs;
  const tally = await openTally(bed, jobs);
  const api = await start(bed);
  const usage = await Usage.since(bed, { apiCpu: [api.process] });
  const submitRate = await submitAll(bed, api.port, jobs, plan.payloadBytes);
  const submitting = await usage.perJob(jobs, 0);
  const crew = { task: 'noop', processes: 1, concurrency: CONCURRENCY, env: tally.env } as const;
  const workers = await queue.startWorkers(bed, crew);
  const progress = new Progress(() => queue.finished(bed.redis, jobs), LIMIT_MS);
  const from = await progress.until(jobs * WARM_UP);
  const to = await progress.until(jobs);
  const spent = await usage.perJob(jobs, progress.looks);
  for (const process of [api.process, ...workers]) await process.stop();
  await tally.check();
  await checkResults(bed, queue, jobs);
  return { ...spent, apiCpu: submitting['apiCpu'] ?? 0, submitRate, runRate: rateBetween(from, to) };
}

/** @returns jobs a second, warm-up left out. */
async function submitAll(bed: Bed, port: number, jobs: number, payloadBytes: number): Promise<number> {
  const client = await bed.start({
    name: 'The load',
    file: new URL('../load/jobs.ts', import.meta.url),
  });
  const submit = (first: number, count: number) =>
    client.ask<Flooded>({
      do: 'flood',
      port,
      connections: CONNECTIONS,
      path: '/jobs',
      expected: 202,
      task: 'noop',
      first,
      jobs: count,
      ms: LIMIT_MS,
      payloadBytes,
    } satisfies Flood);
  const warmUp = await submit(0, Math.round(jobs * WARM_UP));
  const { count, seconds } = await submit(warmUp.count, jobs - warmUp.count);
  await client.stop();
  if (warmUp.count + count !== jobs) throw new Error(`Not all of ${jobs} jobs were submitted in time.`);
  return count / seconds;
}

const contenders = (plan: Plan): readonly Contender[] => [
  {
    id: 'millrace',
    label: 'Millrace, POST /jobs',
    run: (bed) => wholeRound(bed, millraceFront, plan),
  },
  {
    id: 'bullmq',
    label: 'BullMQ behind a Fastify route',
    run: (bed) => wholeRound(bed, bullmqFront, plan),
  },
];

const TITLE = `Submit over HTTP one by one (${CONNECTIONS} connections), then run at concurrency ${CONCURRENCY}`;
const FIGURES = ['submitRate', 'runRate', 'apiCpu', 'redisCpu', 'commands'];

export const wholeScenarios: readonly Scenario[] = [
  {
    id: 'whole-c100',
    title: `${TITLE}, payloads of ${PLAIN.payloadBytes} bytes`,
    quick: true,
    contenders: contenders(PLAIN),
    figures: FIGURES,
    claims: [
      less('Redis CPU per job, submitted and run', 'redisCpu', 1 / 3, 1 / 5),
      {
        text: 'Redis commands per job, submitted and run, Millrace',
        figure: 'commands',
        of: 'millrace',
        better: 'lower',
        least: 5,
        aim: 3.5,
      },
    ],
  },
  ...PAYLOADS.map(
    (plan): Scenario => ({
      id: `payload-${plan.name}`,
      title: `${TITLE}, payloads of ${plan.payloadBytes.toLocaleString('en')} bytes`,
      quick: false,
      contenders: contenders(plan),
      figures: FIGURES,
    }),
  ),
];
