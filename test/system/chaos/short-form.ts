import { expect, it } from 'vitest';
import { PATIENCE_MS } from '../../helpers/patience.ts';
import type { RigOptions } from './rig.ts';
import { SCENARIOS } from './scenarios/index.ts';

/** `npm run chaos` plays the long forms; these are the same scenarios with small numbers. */
export interface ShortForm {
  name: string;
  jobs: number;
  faults: number;
  /** Fewer processes than in the long form: most of the time goes into their starts. */
  rig?: Partial<RigOptions>;
}

const SEED = 20_260_131;
const MINUTES = 0.15;
const SLACK_MS = 20_000;
/** A scenario waits for many things, one after another. */
const LIMIT_MS = 5 * PATIENCE_MS;

/** A test for each: all promises are kept. */
export function playShort(forms: readonly ShortForm[]): void {
  it.each(forms)(
    `$name, seed ${SEED}`,
    async ({ name, jobs, faults, rig = {} }) => {
      const told: string[] = [];
      const say = (line: string) => told.push(line);
      const report = await SCENARIOS[name]?.play({
        seed: SEED,
        jobs,
        faults,
        minutes: MINUTES,
        slackMs: SLACK_MS,
        rig,
        say,
      });
      expect(report?.violations, JSON.stringify({ ...report, told })).toEqual([]);
    },
    LIMIT_MS,
  );
}
