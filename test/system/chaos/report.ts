import { median } from '../../helpers/median.ts';
import type { Evidence, Fault } from './oracle.ts';
import { repeats } from './oracle.ts';

/** What a scenario found. */
export interface Report {
  scenario: string;
  seed: number;
  jobs: number;
  faults: number;
  executions: number;
  /** Executions beyond the first of a job, failures that were planned aside. */
  doubled: number;
  /** Jobs that were in flight at the faults: more than these must not be doubled. */
  bound: number;
  /** Until things went on after a fault, ms. */
  recoveryMs: { median: number; max: number } | undefined;
  figures: Readonly<Record<string, number | string>>;
  /** Broken promises, in words; empty when all were kept. */
  violations: readonly string[];
}

interface Findings {
  recoveries?: readonly number[];
  figures?: Readonly<Record<string, number | string>>;
  violations: readonly string[];
}

/** Sums up what was seen. */
export function reportOf(
  scenario: string,
  seed: number,
  { accepted, executions, faults }: Pick<Evidence, 'accepted' | 'executions' | 'faults'>,
  { recoveries = [], figures = {}, violations }: Findings,
): Report {
  return {
    scenario,
    seed,
    jobs: accepted.length,
    faults: faults.length,
    executions: executions.length,
    doubled: repeats(executions).length,
    bound: bound(faults),
    recoveryMs:
      recoveries.length === 0 ? undefined : { median: median(recoveries), max: Math.max(...recoveries) },
    figures,
    violations,
  };
}

/** Of a scenario that did not come to its end. */
export function brokenOff(scenario: string, seed: number, error: unknown): Report {
  const violations = [`it broke off: ${error instanceof Error ? error.stack : String(error)}`];
  return reportOf(scenario, seed, { accepted: [], executions: [], faults: [] }, { violations });
}

export const bound = (faults: readonly Fault[]): number =>
  faults.reduce((sum, { inFlight }) => sum + inFlight, 0);

/** Reports as the lines of a table. */
export function table(reports: readonly Report[]): string[] {
  const head = ['scenario', 'jobs', 'faults', 'executions', 'doubled', 'bound', 'recovery ms', 'result'];
  const rows = reports.map((one) => [
    one.scenario,
    String(one.jobs),
    String(one.faults),
    String(one.executions),
    String(one.doubled),
    String(one.bound),
    one.recoveryMs === undefined
      ? '-'
      : `${Math.round(one.recoveryMs.median)} (max ${Math.round(one.recoveryMs.max)})`,
    one.violations.length === 0 ? 'ok' : 'BROKEN',
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    line(head),
    ...rows.map(line),
    ...reports.flatMap(({ scenario, figures, violations }) => [
      ...Object.entries(figures).map(([name, value]) => `${scenario}: ${name} ${value}`),
      ...violations.map((text) => `${scenario}: VIOLATION ${text}`),
    ]),
  ];
}
