import { describe } from 'vitest';
import { playShort } from './short-form.ts';

describe('whoever is killed or stopped, no accepted job is lost, and nobody finishes what is no longer theirs', () => {
  playShort([
    { name: 'kill-workers', jobs: 500, faults: 3 },
    { name: 'kill-http-workers', jobs: 300, faults: 3 },
    { name: 'kill-apis', jobs: 200, faults: 2 },
    { name: 'stop-workers', jobs: 500, faults: 2 },
    { name: 'stop-apis', jobs: 200, faults: 1 },
    { name: 'zombie', jobs: 0, faults: 3 },
  ]);
});
