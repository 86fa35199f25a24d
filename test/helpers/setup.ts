import { afterAll, afterEach } from 'vitest';
import { killExamples } from './workers/example-worker.ts';
import { killWorkers } from './workers/worker-process.ts';

// Vitest runs this before each file. Files share one process and its modules, so that hooks of modules would be set once.
afterEach(killWorkers);
afterAll(killExamples);
