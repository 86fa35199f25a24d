import { withBed } from './bed.ts';
import type { Contender, Figures, Scenario } from './contract.ts';
import type { Failure, Outcome, ScenarioOutcome } from './outcome.ts';
import { rotated } from './stats.ts';

export interface Plan {
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  readonly quick: boolean;
}

/** What has just been run. */
export interface Step {
  readonly done: number;
  readonly total: number;
  readonly scenario: Scenario;
  readonly contender: Contender;
  /** From 1. */
  readonly round: number;
  readonly result: Figures | Error;
}

/** Runs the contenders of each scenario in turn, each round of each on a bed of its own; a failed round is noted. */
export async function runAll(plan: Plan, onStep: (step: Step) => void): Promise<Outcome> {
  const roundsOf = ({ maxRounds = plan.rounds }: Scenario) => Math.min(maxRounds, plan.rounds);
  const total = plan.scenarios.reduce((sum, one) => sum + one.contenders.length * roundsOf(one), 0);
  const failures: Failure[] = [];
  const scenarios: ScenarioOutcome[] = [];
  let done = 0;
  for (const scenario of plan.scenarios) {
    const rounds = new Map(scenario.contenders.map(({ id }) => [id, [] as (Figures | undefined)[]]));
    for (let round = 0; round < roundsOf(scenario); round += 1) {
      for (const contender of rotated(scenario.contenders, round)) {
        const result = await runOne(plan, scenario, contender);
        const failed = result instanceof Error;
        rounds.get(contender.id)?.push(failed ? undefined : result);
        if (failed) failures.push(failure(scenario, contender, round, result));
        done += 1;
        onStep({ done, total, scenario, contender, round: round + 1, result });
      }
    }
    scenarios.push(outcomeOf(scenario, rounds));
  }
  return { scenarios, failures };
}

async function runOne({ quick }: Plan, scenario: Scenario, contender: Contender): Promise<Figures | Error> {
  const redis = { ...scenario.redis, ...contender.redis };
  try {
    return await withBed({ quick, redis }, (bed) => contender.run(bed));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

const failure = (scenario: Scenario, contender: Contender, round: number, error: Error): Failure => ({
  scenario: scenario.id,
  contender: contender.id,
  round: round + 1,
  reason: error.message,
});

function outcomeOf(
  scenario: Scenario,
  rounds: ReadonlyMap<string, (Figures | undefined)[]>,
): ScenarioOutcome {
  const { contenders, ...head } = scenario;
  return {
    scenario: head,
    contenders: contenders.map(({ run: _, ...contender }) => ({
      contender,
      rounds: rounds.get(contender.id) ?? [],
    })),
  };
}
