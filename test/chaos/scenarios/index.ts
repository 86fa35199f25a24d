import type { Scenario } from '../stage.ts';
import { killWorkers } from './kill-workers.ts';

interface Entry {
  readonly play: Scenario;
  /** Defaults of the long form. */
  readonly jobs: number;
  readonly faults: number;
}

/** All scenarios by name. */
export const SCENARIOS: Readonly<Record<string, Entry>> = {
  'kill-workers': { play: killWorkers, jobs: 10_000, faults: 50 },
};
