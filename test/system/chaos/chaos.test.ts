import { describe } from 'vitest';
import { playShort } from './short-form.ts';

const rig = { workers: 2, processes: 1 };

describe('whoever is killed or stopped, no accepted job is lost, and nobody finishes what is no longer theirs', () => {
  playShort([
    { name: 'kill-workers', jobs: 300, faults: 3, rig: { workers: 2 } },
    { name: 'kill-http-workers', jobs: 200, faults: 3 },
    { name: 'kill-apis', jobs: 200, faults: 2, rig },
    { name: 'stop-workers', jobs: 300, faults: 2, rig },
    { name: 'stop-apis', jobs: 200, faults: 1, rig },
    { name: 'zombie', jobs: 0, faults: 3 },
  ]);
});
