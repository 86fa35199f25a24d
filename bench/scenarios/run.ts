import type { Claim, Scenario } from '../contract.ts';
import { beeQueue } from '../queues/bee-queue.ts';
import { bullmq } from '../queues/bullmq.ts';
import { floor } from '../queues/floor.ts';
import { millrace } from '../queues/millrace.ts';
import { millraceHttp } from '../queues/millrace-http.ts';
import { redisSmq } from '../queues/redis-smq.ts';
import { type RunPlan, runScenario } from './running.ts';

const FEW = [millrace, bullmq];
const ALL = [...FEW, beeQueue, redisSmq, floor];
const NOOP = { task: 'noop', processes: 1 } as const;
const MANY = { millrace: 90_000, bullmq: 70_000, 'bee-queue': 110_000, 'redis-smq': 25_000, floor: 180_000 };
const JOBS_100: RunPlan = { ...NOOP, concurrency: 100, jobs: MANY };

const faster = (text: string, least: number, aim: number): Claim => ({
  text: `${text}, jobs/s, Millrace / BullMQ`,
  figure: 'rate',
  of: 'millrace',
  against: 'bullmq',
  better: 'higher',
  least,
  aim,
});

const HTTP_CLAIM: Claim = {
  text: 'Workers over HTTP in batches of 100, jobs/s',
  figure: 'rate',
  of: 'millrace-http',
  better: 'higher',
  least: 3_000,
  aim: 10_000,
};

const APPEND_ONLY = { appendonly: 'yes' };

export const runScenarios: readonly Scenario[] = [
  runScenario(
    {
      id: 'run-c1',
      title: 'Run no-op jobs, one process, concurrency 1',
      quick: true,
      claims: [faster('Run at concurrency 1', 1.5, 2.5)],
    },
    ALL,
    {
      ...NOOP,
      concurrency: 1,
      jobs: { millrace: 12_000, bullmq: 9_000, 'bee-queue': 14_000, 'redis-smq': 8_000, floor: 16_000 },
    },
  ),
  runScenario(
    {
      id: 'run-c100',
      title: 'Run no-op jobs, one process, concurrency 100',
      quick: true,
      claims: [faster('Run at concurrency 100', 3, 5)],
    },
    ALL,
    JOBS_100,
  ),
  runScenario(
    {
      id: 'run-http-100',
      title: 'Run no-op jobs over HTTP, one worker process, batches of 100',
      quick: true,
      claims: [HTTP_CLAIM],
    },
    [millraceHttp, millrace, bullmq],
    { ...JOBS_100, jobs: { ...MANY, 'millrace-http': 60_000 } },
  ),
  runScenario({ id: 'run-c500', title: 'Run no-op jobs, one process, concurrency 500', quick: false }, FEW, {
    ...NOOP,
    concurrency: 500,
    jobs: MANY,
  }),
  ...[2, 4].map((processes) =>
    runScenario(
      {
        id: `run-p${processes}`,
        title: `Run no-op jobs, ${processes} processes, concurrency 100 each`,
        quick: false,
      },
      FEW,
      { ...JOBS_100, processes },
    ),
  ),
  ...(['always', 'everysec'] as const).map((appendfsync) =>
    runScenario(
      {
        id: `run-c100-${appendfsync}`,
        title: `Run no-op jobs, one process, concurrency 100, appendfsync ${appendfsync}`,
        quick: false,
        redis: { ...APPEND_ONLY, appendfsync },
      },
      FEW,
      JOBS_100,
    ),
  ),
];
