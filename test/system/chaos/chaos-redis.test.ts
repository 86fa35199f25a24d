import { describe } from 'vitest';
import { playShort } from './short-form.ts';

describe('whatever Redis and the network do, no accepted job is lost, and none counts twice', () => {
  playShort([
    { name: 'kill-redis', jobs: 300, faults: 3 },
    { name: 'drop-replies', jobs: 200, faults: 6 },
    { name: 'restart-redis-idle', jobs: 0, faults: 4 },
    { name: 'network', jobs: 100, faults: 6 },
    { name: 'mix', jobs: 0, faults: 1 },
  ]);
});
