import { describe } from 'vitest';
import { testScenarios } from './ci-scenarios.ts';

const oneApi = { apis: 1, workers: 2 };
const cluster = { workers: 2, processes: 1 };

describe('while processes are killed and stopped, no accepted job is lost and no worker finishes a job it lost', () => {
  testScenarios([
    { name: 'kill-workers', jobs: 300, faults: 3, cluster: oneApi },
    { name: 'kill-http-workers', jobs: 200, faults: 3 },
    { name: 'kill-apis', jobs: 200, faults: 2, cluster },
    { name: 'stop-workers', jobs: 300, faults: 2, cluster: { ...oneApi, processes: 1 } },
    { name: 'stop-apis', jobs: 200, faults: 1, cluster },
    { name: 'zombie', jobs: 0, faults: 3 },
  ]);
});
