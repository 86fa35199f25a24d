import type { Scenario } from '../contract.ts';
import { bullmq } from '../queues/bullmq.ts';
import { millrace } from '../queues/millrace.ts';
import { failsFirst } from '../tasks/_work.ts';
import { type RunPlan, runScenario } from './running.ts';

const QUEUES = [millrace, bullmq];

const both = (jobs: number): RunPlan['jobs'] => ({ millrace: jobs, bullmq: jobs });

export const workloads: readonly Scenario[] = [
  runScenario({ id: 'sleep-10ms', title: 'Jobs that sleep 10 ms, concurrency 100', quick: false }, QUEUES, {
    task: 'sleep',
    processes: 1,
    concurrency: 100,
    jobs: both(30_000),
  }),
  runScenario(
    {
      id: 'cpu-20ms',
      title: 'Jobs that use 20 ms of CPU, two processes, concurrency 10 each',
      quick: false,
    },
    QUEUES,
    { task: 'burn', processes: 2, concurrency: 10, jobs: both(400) },
  ),
  runScenario(
    { id: 'fail-10', title: 'One job in ten fails at first, concurrency 100', quick: true },
    QUEUES,
    {
      task: 'flaky',
      processes: 1,
      concurrency: 100,
      jobs: both(60_000),
      executions: (index) => (failsFirst(index) ? 2 : 1),
    },
  ),
];
