import { type Outcome, reportedFailure } from '../../attempts/outcome.ts';
import { encodeJson } from '../../core/encode-json.ts';
import { invalidRequest } from '../../errors.ts';
import { MAX_LEASED } from '../../schemas/lease.ts';
import type { SettleJobs } from '../../schemas/settle.ts';

type ReportBody<K extends 'complete' | 'fail' | 'release'> = NonNullable<SettleJobs[K]>[number];

/** What a worker reports about one job. */
export type JobReport =
  /** `text`: the result as JSON text. */
  | { readonly id: string; readonly kind: 'completed'; readonly result: unknown; readonly text: string }
  | ({ readonly kind: 'failed' } & ReportBody<'fail'>)
  | { readonly id: string; readonly kind: 'released'; readonly delayMs: number };

/** How an attempt ended by the report of its worker. */
export type ReportedOutcome = Outcome & { kind: JobReport['kind'] };

/** @throws {AppError} invalid-request for a result that is nested too deeply. */
export function completed({ id, result = null }: ReportBody<'complete'>): JobReport {
  return { kind: 'completed', id, result, text: encodeJson(result, '/result') };
}

export const failed = (report: ReportBody<'fail'>): JobReport => ({ ...report, kind: 'failed' });

export const released = ({ id, delayMs = 0 }: ReportBody<'release'>): JobReport => ({
  kind: 'released',
  id,
  delayMs,
});

/** One report per job. @throws {AppError} invalid-request. */
export function reportsOf({ complete = [], fail = [], release = [] }: SettleJobs): JobReport[] {
  const reports = [...complete.map(completed), ...fail.map(failed), ...release.map(released)];
  const fault = faultOf(reports);
  if (fault === undefined) return reports;
  throw invalidRequest([{ pointer: '', detail: fault }]);
}

function faultOf(reports: readonly JobReport[]): string | undefined {
  if (reports.length === 0) return 'must have at least one job in complete, fail or release';
  if (reports.length > MAX_LEASED) return `must have at most ${MAX_LEASED} jobs in all`;
  const isUnique = new Set(reports.map(({ id }) => id)).size === reports.length;
  return isUnique ? undefined : 'must name each job once';
}

/** @param nowMs Unix ms, for the time of an error. */
export function outcomeOf(report: JobReport, attempt: number, nowMs: number): ReportedOutcome {
  if (report.kind === 'completed') return { kind: 'completed', result: report.text };
  if (report.kind === 'released') return { kind: 'released', delayMs: report.delayMs };
  return reportedFailure(report.error, report, attempt, nowMs);
}
