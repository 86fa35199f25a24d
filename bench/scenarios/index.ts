import type { Scenario } from '../contract.ts';
import { backlogScenarios } from './backlog.ts';
import { bulkScenarios } from './bulk.ts';
import { idleScenarios } from './idle.ts';
import { latencyScenarios } from './latency.ts';
import { memoryScenarios } from './memory.ts';
import { priceScenarios } from './price.ts';
import { runScenarios } from './run.ts';
import { submitScenarios } from './submit.ts';
import { wholeScenarios } from './whole.ts';
import { workloads } from './workloads.ts';

/** All of them, in the order in which they run and are reported. */
export const scenarios: readonly Scenario[] = [
  ...submitScenarios,
  ...bulkScenarios,
  ...runScenarios,
  ...wholeScenarios,
  ...workloads,
  ...latencyScenarios,
  ...backlogScenarios,
  ...memoryScenarios,
  ...idleScenarios,
  ...priceScenarios,
];
