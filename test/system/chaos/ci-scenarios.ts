import { expect, it } from 'vitest';
import { PATIENCE_MS } from '../../helpers/patience.ts';
import type { ClusterOptions } from './cluster.ts';
import { SCENARIOS } from './scenarios/index.ts';

/** The scenarios of `npm run chaos` with small numbers. */
export interface CiScenario {
  name: string;
  jobs: number;
  faults: number;
  /** Fewer processes than in the long form: most of the time goes into their starts. */
  cluster?: Partial<ClusterOptions>;
}

const SEED = 20_260_131;
const MINUTES = 0.15;
const SLACK_MS = 20_000;
/** A scenario waits for many things, one after another. */
const LIMIT_MS = 5 * PATIENCE_MS;

/** A test for each: all promises are kept. */
export function testScenarios(forms: readonly CiScenario[]): void {
  it.each(forms)(
    `$name, seed ${SEED}`,
    async ({ name, jobs, faults, cluster = {} }) => {
      const lines: string[] = [];
      const say = (line: string) => lines.push(line);
      const report = await SCENARIOS[name]?.play({
        seed: SEED,
        jobs,
        faults,
        minutes: MINUTES,
        slackMs: SLACK_MS,
        cluster,
        say,
      });
      expect(report?.violations, JSON.stringify({ ...report, lines })).toEqual([]);
    },
    LIMIT_MS,
  );
}
