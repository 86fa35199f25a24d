import { type Outcome, reportedFailure, tooLargeResult } from '../../attempts/outcome.ts';
import {
  isReportedFalse,
  type ReportedError,
  reportedError,
  reportedJson,
  reportedMs,
} from '../../attempts/reported-error.ts';
import { MAX_DEPTH } from '../../schemas/validation/depth.ts';
import { MAX_DURATION_MS } from '../../schemas/values/duration.ts';
import { OversizeReport } from './oversize-report.ts';

/** What a worker reports about one job. */
export type JobReport =
  /** `text`: the result as JSON text. */
  | { readonly id: string; readonly kind: 'completed'; readonly result: unknown; readonly text: string }
  | FailedReport
  | { readonly id: string; readonly kind: 'released'; readonly delayMs: number };

interface FailedReport {
  readonly id: string;
  readonly kind: 'failed';
  readonly error: ReportedError;
  readonly retryable: boolean;
  /** Undefined: the backoff of the job decides. */
  readonly retryInMs: number | undefined;
}

/** How an attempt ended by the report of its worker. */
export type ReportedOutcome = Outcome & { kind: JobReport['kind'] };

/** The members of a report, as they arrived. */
type Members = Readonly<Record<string, unknown>>;

/** Reads the report of one job. Never refuses it. @param maxResultBytes most bytes of a stored result. */
export type ReadReport = (id: string, body: Members, maxResultBytes: number) => JobReport;

/** A result that cannot be stored fails the job: the worker would compute the same one again. */
export const completed: ReadReport = (id, body, maxResultBytes) => {
  if (body instanceof OversizeReport) return unstorable(id, tooLargeResult(body.bytes, maxResultBytes));
  const result = body['result'] ?? null;
  const text = reportedJson(result);
  if (text === undefined) return unstorable(id, TOO_DEEP);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxResultBytes) return unstorable(id, tooLargeResult(bytes, maxResultBytes));
  return { id, kind: 'completed', result, text };
};

export const failed: ReadReport = (id, { error, retryable, retryInMs }) => ({
  id,
  kind: 'failed',
  error: reportedError(error),
  retryable: !isReportedFalse(retryable),
  retryInMs: reportedMs(retryInMs, DELAY_LIMITS),
});

export const released: ReadReport = (id, { delayMs }) => ({
  id,
  kind: 'released',
  delayMs: reportedMs(delayMs, DELAY_LIMITS) ?? 0,
});

const DELAY_LIMITS = { min: 0, max: MAX_DURATION_MS };

const TOO_DEEP: ReportedError = {
  name: 'result-too-deep',
  message: `The result is nested deeper than ${MAX_DEPTH} levels; it cannot be stored. Return a flatter one`,
};

const unstorable = (id: string, error: ReportedError): FailedReport => ({
  id,
  kind: 'failed',
  error,
  retryable: false,
  retryInMs: undefined,
});

/** @param nowMs Unix ms, for the time of an error. */
export function outcomeOf(report: JobReport, attempt: number, nowMs: number): ReportedOutcome {
  if (report.kind === 'completed') return { kind: 'completed', result: report.text };
  if (report.kind === 'released') return { kind: 'released', delayMs: report.delayMs };
  return reportedFailure(report.error, report, attempt, nowMs);
}
