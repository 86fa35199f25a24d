import { QUIET_SETTINGS } from '../../test/system/memory/used.ts';
import type { Bed, Contender, Figures, Scenario } from '../contract.ts';
import { Progress } from '../progress.ts';
import { beeQueue } from '../queues/bee-queue.ts';
import { bullmq } from '../queues/bullmq.ts';
import { millrace } from '../queues/millrace.ts';
import type { JobQueue } from '../queues/queue.ts';
import { openTally } from '../tally.ts';
import { MEMORY_CLAIMS } from './claims.ts';
import { checkResults } from './running.ts';
import { runningNow } from './stored.ts';

const JOBS = 20_000;
const RUNNING = 1_000;
const PAYLOAD_BYTES = 100;
const LIMIT_MS = 60_000;
const PROCESSES = 1;

/** Redis's own size of a stream's nodes; ours is docs/decisions/0005-small-stream-nodes.md. */
const DEFAULT_NODES = { 'stream-node-max-entries': '100', 'stream-node-max-bytes': '4096' };

/** Bytes of `used_memory` for each job that waits, then for each that has ended with its result kept. */
async function restRound(bed: Bed, queue: JobQueue): Promise<Figures> {
  const { redis } = bed;
  const empty = await redis.usedBytes();
  await queue.fill(redis, { task: 'stamp', count: JOBS, payloadBytes: PAYLOAD_BYTES });
  const queued = await redis.usedBytes();
  const tally = await openTally(bed, JOBS);
  const crew = { task: 'stamp', processes: PROCESSES, concurrency: 100, env: tally.env } as const;
  const workers = await queue.startWorkers(bed, crew);
  await new Progress(() => queue.finished(redis, JOBS), LIMIT_MS).until(JOBS);
  await Promise.all(workers.map((worker) => worker.stop()));
  await tally.check();
  await checkResults(bed, queue, JOBS);
  const finished = await redis.usedBytes();
  return { queuedBytes: (queued - empty) / JOBS, finishedBytes: (finished - empty) / JOBS };
}

/** Bytes for each job that runs, beyond what its idle workers take. */
async function runningRound(bed: Bed, queue: JobQueue): Promise<Figures> {
  const { redis } = bed;
  const tally = await openTally(bed, RUNNING);
  const env = { ...tally.env, SHUTDOWN_GRACE_MS: '0' };
  await queue.startWorkers(bed, { task: 'hold', processes: PROCESSES, concurrency: RUNNING, env });
  const idle = await redis.usedBytes();
  await queue.fill(redis, { task: 'hold', count: RUNNING, payloadBytes: PAYLOAD_BYTES });
  await new Progress(() => runningNow(redis, queue.id), LIMIT_MS).until(RUNNING);
  return { runningBytes: ((await redis.usedBytes()) - idle) / RUNNING };
}

const contender = (queue: JobQueue): Contender => ({
  id: queue.id,
  label: queue.label,
  run: (bed) => restRound(bed, queue),
});

const running = (queue: JobQueue): Contender => ({
  id: queue.id,
  label: queue.label,
  run: (bed) => runningRound(bed, queue),
});

const queues = [millrace, bullmq, beeQueue];

export const memoryScenarios: readonly Scenario[] = [
  {
    id: 'memory-rest',
    title: `Redis memory of jobs that wait and jobs that have ended, payloads of ${PAYLOAD_BYTES} bytes`,
    quick: true,
    redis: QUIET_SETTINGS,
    contenders: queues.map(contender),
    figures: ['queuedBytes', 'finishedBytes'],
    claims: MEMORY_CLAIMS,
  },
  {
    id: 'memory-rest-default-nodes',
    title: "The same with Redis's own settings of stream nodes",
    quick: false,
    maxRounds: 2,
    redis: { ...QUIET_SETTINGS, ...DEFAULT_NODES },
    contenders: queues.map(contender),
    figures: ['queuedBytes', 'finishedBytes'],
  },
  {
    id: 'memory-running',
    title: `Redis memory of jobs that run, payloads of ${PAYLOAD_BYTES} bytes`,
    quick: false,
    maxRounds: 2,
    redis: QUIET_SETTINGS,
    contenders: queues.map(running),
    figures: ['runningBytes'],
  },
];
