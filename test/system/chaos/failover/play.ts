import { median } from '../../../helpers/median.ts';
import type { Report } from '../report.ts';
import type { ScenarioOptions } from '../scenario-run.ts';
import { type Fault, playRound, type Row, rowsText } from './round.ts';
import { FailoverStack, type StackOptions } from './stack.ts';

/** Servers that can fail, and how. */
export interface FailoverBed {
  readonly stack: StackOptions;
  /** In this order each finds what the one before has left whole. */
  readonly faults: readonly Fault[];
  stop(): Promise<void>;
}

interface Played {
  readonly rows: readonly Row[];
  /** Runs of handlers, of all jobs. */
  readonly executions: number;
}

/** The long form: all faults in turn. */
export async function playFailover(
  scenario: string,
  { seed, faults, say }: Pick<ScenarioOptions, 'seed' | 'faults' | 'say'>,
  startBed: () => Promise<FailoverBed>,
): Promise<Report> {
  return reportOf(scenario, seed, await playFaults(startBed, faults, say));
}

/** Makes faults one after another under load, from the first again after the last. Prints their figures as a table. */
export async function playFaults(
  startBed: () => Promise<FailoverBed>,
  faults: number,
  say: (line: string) => void,
  isWanted: (fault: Fault) => boolean = () => true,
): Promise<Played> {
  const bed = await startBed();
  const stack = await FailoverStack.start(bed.stack).catch(async (error: unknown) => {
    await bed.stop();
    throw error;
  });
  const wanted = bed.faults.filter(isWanted);
  const rows: Row[] = [];
  try {
    for (let i = 0; i < faults; i += 1) {
      const fault = wanted[i % wanted.length];
      if (fault === undefined) break;
      const row = await playRound(stack, fault);
      rows.push(row);
      say(`${row.fault}: ${row.violations.length === 0 ? 'ok' : row.violations.join('; ')}`);
    }
    for (const line of rowsText(rows)) say(line);
    return { rows, executions: stack.journal.executions.length };
  } finally {
    await stack.stop();
    await bed.stop();
  }
}

function reportOf(scenario: string, seed: number, { rows, executions }: Played): Report {
  const recoveries = rows.map((row) => Math.max(row.firstAcceptedMs, row.firstStartedMs));
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
  return {
    scenario,
    seed,
    jobs: sum((row) => row.accepted),
    faults: rows.length,
    executions,
    doubled: sum((row) => row.doubled),
    bound: sum((row) => row.mayDouble),
    recoveryMs: { median: median(recoveries), max: Math.max(...recoveries) },
    figures: { lost: sum((row) => row.lost), 'two results': sum((row) => row.twoResults) },
    violations: rows.flatMap((row) => row.violations),
  };
}
