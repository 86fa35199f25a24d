import { describe } from 'vitest';
import { playShort } from './short-form.ts';

const rig = { workers: 2, processes: 1 };

describe('whatever Redis and the network do, no accepted job is lost, and none counts twice', () => {
  playShort([
    { name: 'kill-redis', jobs: 200, faults: 3, rig },
    { name: 'drop-replies', jobs: 200, faults: 6, rig },
    { name: 'restart-redis-idle', jobs: 0, faults: 4 },
    { name: 'network', jobs: 100, faults: 6, rig },
    { name: 'mix', jobs: 0, faults: 1, rig },
  ]);
});
