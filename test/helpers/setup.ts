import { afterAll, afterEach } from 'vitest';
import { killExamples } from './example-worker.ts';
import { killWorkers } from './worker.ts';

// Vitest runs this before each file. Files share one process and its modules, so that hooks of modules would be set once.
afterEach(killWorkers);
afterAll(killExamples);
