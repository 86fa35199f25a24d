import { describe, expect, it } from 'vitest';
import { SCENARIOS } from './scenarios/index.ts';

/** `npm run chaos` plays the long forms; these are the same scenarios with small numbers. */
const SEED = 20_260_131;
const LIMIT_MS = 180_000;

describe('under faults no accepted job is lost, and nobody finishes what is no longer theirs', () => {
  it.each([
    { name: 'kill-workers', jobs: 500, faults: 3 },
    { name: 'kill-apis', jobs: 200, faults: 2 },
    { name: 'kill-redis', jobs: 300, faults: 3 },
    { name: 'zombie', jobs: 0, faults: 3 },
    { name: 'stop-workers', jobs: 500, faults: 2 },
    { name: 'stop-apis', jobs: 200, faults: 1 },
    { name: 'drop-replies', jobs: 200, faults: 6 },
    { name: 'restart-redis-idle', jobs: 0, faults: 4 },
    { name: 'network', jobs: 100, faults: 6 },
    { name: 'mix', jobs: 0, faults: 1 },
  ])(
    '$name',
    async ({ name, jobs, faults }) => {
      const report = await SCENARIOS[name]?.play({
        seed: SEED,
        jobs,
        faults,
        minutes: 0.15,
        say: () => undefined,
      });
      expect(report?.violations, `seed ${SEED}: ${JSON.stringify(report)}`).toEqual([]);
    },
    LIMIT_MS,
  );
});
