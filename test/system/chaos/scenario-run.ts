import { Clients, DEFAULT_CLIENTS } from './clients.ts';
import { Cluster, type ClusterOptions } from './cluster.ts';
import { collect } from './evidence.ts';
import type { Execution } from './journal.ts';
import type { Evidence, Expectation, Fault } from './oracle.ts';
import { judge, repeats } from './oracle.ts';
import { type Random, seeded } from './random.ts';
import { bound, type Report, reportOf } from './report.ts';

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
  cluster?: Partial<ClusterOptions>;
  /** Told what goes on. */
  say: (line: string) => void;
}

export type Scenario = (options: ScenarioOptions) => Promise<Report>;

/** What a scenario works with. */
export interface ScenarioRun {
  readonly cluster: Cluster;
  readonly clients: Clients;
  readonly random: Random;
  readonly faults: Fault[];
  readonly options: ScenarioOptions;
}

/** What a scenario has found out, beside what the oracle sees. */
export interface ScenarioFindings {
  /** Ms, from all that ran, once all is at rest. */
  recoveries?: (executions: readonly Execution[]) => readonly number[];
  figures?: Record<string, number | string>;
  violations?: readonly string[];
  /** No recovery may take longer, ms. */
  recoverWithinMs?: number;
  expected?: Expectation;
}

/** Starts a cluster, runs the scenario, waits until all jobs have ended, asks the oracle, and stops everything. */
export async function runScenario(
  name: string,
  options: ScenarioOptions,
  clusterOptions: Partial<ClusterOptions>,
  run: (scenario: ScenarioRun) => Promise<ScenarioFindings>,
): Promise<Report> {
  // Each part draws from its own random numbers, so that their order in time changes no choice.
  const random = seeded(options.seed);
  const cluster = await Cluster.start({ ...clusterOptions, ...options.cluster });
  const clients = new Clients({
    ...DEFAULT_CLIENTS,
    origins: cluster.origins,
    random: seeded(options.seed + 1),
  });
  const faults: Fault[] = [];
  let cleared: Promise<number[]> | undefined;
  const clear = () => {
    cleared ??= clients.close().then(() => cluster.stop());
    return cleared;
  };
  try {
    const found = await run({ cluster, clients, random, faults, options });
    const evidence = await collect(cluster, clients, faults);
    const survivors = await clear();
    const recoveries = found.recoveries?.(evidence.executions) ?? [];
    return reportOf(name, options.seed, evidence, {
      recoveries,
      figures: {
        ...found.figures,
        'stale commits': evidence.stats.totals.staleCommits,
        answers: [...clients.answers].map(([answer, count]) => `${answer} x ${count}`).join(', '),
      },
      violations: [
        ...judge(evidence, found.expected),
        ...(found.violations ?? []),
        ...beyondBound(evidence),
        ...tooLate(recoveries, (found.recoverWithinMs ?? Number.POSITIVE_INFINITY) + options.slackMs),
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
