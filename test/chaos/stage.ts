import { until } from '../helpers/redis.ts';
import { Clients, DEFAULT_CLIENTS, type KeyedJob } from './clients.ts';
import { collect } from './evidence.ts';
import type { Execution } from './journal.ts';
import type { Expectation, Fault } from './oracle.ts';
import { judge } from './oracle.ts';
import { type Random, seeded } from './random.ts';
import { type Report, reportOf } from './report.ts';
import { Rig, type RigOptions } from './rig.ts';

export interface ScenarioOptions {
  seed: number;
  /** How many jobs are submitted, at least. */
  jobs: number;
  /** How many faults are made. */
  faults: number;
  /** How long the mix goes on, minutes. */
  minutes: number;
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
  expected?: Expectation;
}

/** Sets the stage, plays, waits for all to come to rest, asks the oracle, and clears everything away. */
export async function stage(
  name: string,
  options: ScenarioOptions,
  wish: Partial<RigOptions>,
  play: (stage: Stage) => Promise<Play>,
): Promise<Report> {
  const random = seeded(options.seed);
  const rig = await Rig.start(wish);
  const clients = new Clients({ ...DEFAULT_CLIENTS, origins: rig.origins, random });
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
    const doubled = reportOf(name, options.seed, evidence, { violations: [] });
    return reportOf(name, options.seed, evidence, {
      recoveries: played.recoveries?.(evidence.executions) ?? [],
      figures: {
        ...played.figures,
        'stale commits': evidence.stats.totals.staleCommits,
        answers: [...clients.answers].map(([answer, count]) => `${answer} x ${count}`).join(', '),
      },
      violations: [
        ...judge(evidence, played.expected),
        ...(played.violations ?? []),
        ...(doubled.doubled <= doubled.bound
          ? []
          : [`${doubled.doubled} executions doubled, ${doubled.bound} were in flight`]),
        ...survivors.map((pid) => `process ${pid} outlived its parent`),
      ],
    });
  } finally {
    await clear();
  }
}

/** Numbered jobs of the task `work` that take up to `maxMs`. */
export function* workJobs(random: Random, from: number, to: number, maxMs: number): Generator<KeyedJob> {
  for (let i = from; i < to; i += 1) {
    yield { task: 'work', payload: { key: `w${i}`, ms: random.below(maxMs) } };
  }
}

export interface Load {
  /** No job takes longer, ms. */
  maxMs: number;
  /** Whether the next fault may come; its jobs are submitted then. */
  mayFail?: () => boolean;
}

/**
 * Submits the jobs in as many equal shares as there are faults, and makes each fault while its share is under
 * way: after some part of the first half of it. Resolves when all jobs are accepted.
 */
export async function underLoad(
  { rig, clients, random, options }: Stage,
  { maxMs, mayFail = () => true }: Load,
  fault: (i: number) => Promise<void>,
): Promise<void> {
  const share = Math.ceil(options.jobs / options.faults);
  const submitted: Promise<void>[] = [];
  for (let i = 0; i < options.faults; i += 1) {
    await until(mayFail, 'a time for the next fault', PATIENCE_MS);
    const mark = rig.journal.ended + random.below(share / 2);
    const jobs = workJobs(random, i * share, (i + 1) * share, maxMs);
    const flow = clients.submitAll(jobs);
    submitted.push(flow);
    // It is waited for at the end; until then its failure is nobody's.
    flow.catch(() => undefined);
    await untilDone(rig, mark);
    await fault(i);
    if ((i + 1) % 10 === 0) options.say(`${i + 1} faults, ${rig.journal.ended} executions ended`);
  }
  await Promise.all(submitted);
}

const untilDone = (rig: Rig, mark: number): Promise<boolean> =>
  until(() => rig.journal.ended >= mark, `${mark} executions that ended`, PATIENCE_MS);

const PATIENCE_MS = 60_000;
