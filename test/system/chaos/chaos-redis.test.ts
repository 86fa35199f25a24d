import { describe } from 'vitest';
import { testScenarios } from './ci-scenarios.ts';

const cluster = { workers: 2, processes: 1 };

describe('whatever Redis and the network do, no accepted job is lost, and none counts twice', () => {
  testScenarios([
    { name: 'kill-redis', jobs: 200, faults: 3, cluster: { ...cluster, apis: 1 } },
    { name: 'drop-replies', jobs: 200, faults: 6, cluster },
    { name: 'restart-redis-idle', jobs: 0, faults: 4 },
    { name: 'limits', jobs: 300, faults: 3, cluster: { workers: 2 } },
    { name: 'network', jobs: 100, faults: 6, cluster },
    { name: 'mix', jobs: 0, faults: 1, cluster },
  ]);
});
