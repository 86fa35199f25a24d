import { setTimeout as sleep } from 'node:timers/promises';
import type { Bed, Contender, Figures, Scenario } from '../contract.ts';
import { bullmq } from '../queues/bullmq.ts';
import { millrace } from '../queues/millrace.ts';
import type { JobQueue } from '../queues/queue.ts';
import { openTally } from '../tally.ts';
import { Usage } from '../usage.ts';

const PROCESSES = 20;
/** What starting up has set off is over by then. */
const SETTLE_MS = 3_000;
const IDLE_MS = 10_000;
const SMALL = { settle: 500, idle: 2_000 };

async function idleRound(bed: Bed, queue: JobQueue): Promise<Figures> {
  const tally = await openTally(bed, 0);
  const crew = { task: 'noop', processes: PROCESSES, concurrency: 10, env: tally.env } as const;
  const workers = await queue.startWorkers(bed, crew);
  await sleep(bed.quick ? SMALL.settle : SETTLE_MS);
  const from = performance.now();
  const usage = await Usage.since(bed, { workerCpu: workers });
  await sleep(bed.quick ? SMALL.idle : IDLE_MS);
  const seconds = (performance.now() - from) / 1_000;
  const spent = await usage.spent();
  return {
    idleCommands: spent.commands / seconds,
    idleRedisCpu: (spent.redisCpu / seconds) * 1_000,
    idleWorkerCpu: ((spent.processes['workerCpu'] ?? 0) / seconds) * 1_000,
  };
}

const idle = (queue: JobQueue): Contender => ({
  id: queue.id,
  label: queue.label,
  run: (bed) => idleRound(bed, queue),
});

/** Processes, not `Worker` instances in one: that is how both are spread over cores. */
export const idleScenarios: readonly Scenario[] = [
  {
    id: 'idle-20',
    title: `${PROCESSES} worker processes with nothing to do`,
    quick: false,
    contenders: [millrace, bullmq].map(idle),
    figures: ['idleCommands', 'idleWorkerCpu', 'idleRedisCpu'],
  },
];
