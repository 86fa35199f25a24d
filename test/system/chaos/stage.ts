import { Clients, DEFAULT_CLIENTS } from './clients.ts';
import { collect } from './evidence.ts';
import type { Execution } from './journal.ts';
import type { Evidence, Expectation, Fault } from './oracle.ts';
import { judge, repeats } from './oracle.ts';
import { type Random, seeded } from './random.ts';
import { bound, type Report, reportOf } from './report.ts';
import { Rig, type RigOptions } from './rig.ts';

export interface ScenarioOptions {
  seed: number;
  /** How many jobs are submitted, at least. */
  jobs: number;
  /** How many faults are made. */
  faults: number;
  /** How long the mix goes on, minutes. */
  minutes: number;
  /** Added to each bound on a time, ms: the long form measures, the short one passes on a busy machine, too. */
  slackMs: number;
  /** Where it is to differ from what the scenario asks for. */
  rig?: Partial<RigOptions>;
  /** Told what goes on. */
  say: (line: string) => void;
}

export type Scenario = (options: ScenarioOptions) => Promise<Report>;

/** What a scenario plays on. */
export interface Stage {
  readonly rig: Rig;
  readonly clients: Clients;
  readonly random: Random;
  readonly faults: Fault[];
  readonly options: ScenarioOptions;
}

/** What a scenario tells besides what the oracle sees. */
export interface Play {
  /** Ms, from all that ran, once all is at rest. */
  recoveries?: (executions: readonly Execution[]) => readonly number[];
  figures?: Record<string, number | string>;
  violations?: readonly string[];
  /** No recovery may take longer, ms. */
  recoverWithinMs?: number;
  expected?: Expectation;
}

/** Sets the stage, plays, waits for all to come to rest, asks the oracle, and clears everything away. */
export async function stage(
  name: string,
  options: ScenarioOptions,
  wish: Partial<RigOptions>,
  play: (stage: Stage) => Promise<Play>,
): Promise<Report> {
  // Each has chances of its own, so that the order of what goes on at the same time changes no choice.
  const random = seeded(options.seed);
  const rig = await Rig.start({ ...wish, ...options.rig });
  const clients = new Clients({ ...DEFAULT_CLIENTS, origins: rig.origins, random: seeded(options.seed + 1) });
  const faults: Fault[] = [];
  let cleared: Promise<number[]> | undefined;
  const clear = () => {
    cleared ??= clients.close().then(() => rig.stop());
    return cleared;
  };
  try {
    const played = await play({ rig, clients, random, faults, options });
    const evidence = await collect(rig, clients, faults);
    const survivors = await clear();
    const recoveries = played.recoveries?.(evidence.executions) ?? [];
    return reportOf(name, options.seed, evidence, {
      recoveries,
      figures: {
        ...played.figures,
        'stale commits': evidence.stats.totals.staleCommits,
        answers: [...clients.answers].map(([answer, count]) => `${answer} x ${count}`).join(', '),
      },
      violations: [
        ...judge(evidence, played.expected),
        ...(played.violations ?? []),
        ...beyondBound(evidence),
        ...tooLate(recoveries, (played.recoverWithinMs ?? Number.POSITIVE_INFINITY) + options.slackMs),
        ...survivors.map((pid) => `process ${pid} outlived its parent`),
      ],
    });
  } finally {
    await clear();
  }
}

function beyondBound({ executions, faults }: Evidence): string[] {
  const doubled = repeats(executions).length;
  return doubled <= bound(faults)
    ? []
    : [`${doubled} executions doubled, ${bound(faults)} were in flight at the faults`];
}

function tooLate(recoveries: readonly number[], limitMs: number): string[] {
  const late = recoveries.filter((ms) => ms > limitMs);
  return late.length === 0
    ? []
    : [`${late.length} recoveries took longer than ${limitMs} ms, up to ${Math.max(...late)} ms`];
}
