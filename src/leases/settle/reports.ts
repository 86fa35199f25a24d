import { checkpointText, tooLargeCheckpoint, UnusableCheckpoint } from '../../attempts/checkpoint.ts';
import { type Outcome, reportedFailure, tooDeepResult, tooLargeResult } from '../../attempts/outcome.ts';
import {
  isReportedFalse,
  type ReportedError,
  reportedError,
  reportedJson,
  reportedMs,
} from '../../attempts/reported-error.ts';
import { AppError, invalidRequest } from '../../errors.ts';
import { JSON_NULL, JsonText } from '../../schemas/json/json-text.ts';
import { inMembers } from '../../schemas/json/places.ts';
import { MAX_DURATION_MS } from '../../schemas/values/duration.ts';
import { OversizeReport } from './oversize-report.ts';

/** What a worker reports about one job. */
export type JobReport =
  | { readonly id: string; readonly kind: 'completed'; readonly result: JsonText }
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

const ERROR_TEXTS = inMembers({ data: 'text' });
const COMPLETE_TEXTS = inMembers({ result: 'text' });
const FAIL_TEXTS = inMembers({ error: ERROR_TEXTS });

/** The texts in the reports of one job or many. An item of a list may stand without it. */
export const REPORT_TEXTS = inMembers({
  result: 'text',
  progress: 'text',
  checkpoint: 'text',
  error: ERROR_TEXTS,
  complete: { ...COMPLETE_TEXTS, each: COMPLETE_TEXTS },
  fail: { ...FAIL_TEXTS, each: FAIL_TEXTS },
  // Without texts, but its items are counted.
  release: { each: inMembers({}) },
});

/** The members of a report, as they arrived. */
type Members = Readonly<Record<string, unknown>>;

/** Reads the report of one job. Never refuses it. @param maxResultBytes most bytes of a stored result. */
export type ReadReport = (id: string, body: Members, maxResultBytes: number) => JobReport;

/** A result that cannot be stored fails the job: the worker would compute the same one again. */
export const completed: ReadReport = (id, body, maxResultBytes) => {
  if (body instanceof OversizeReport) return unstorable(id, tooLargeResult(body.bytes, maxResultBytes));
  const result = reportedJson(body['result'] ?? JSON_NULL);
  if (result === undefined) return unstorable(id, tooDeepResult);
  const bytes = Buffer.byteLength(result.text);
  if (bytes > maxResultBytes) return unstorable(id, tooLargeResult(bytes, maxResultBytes));
  return { id, kind: 'completed', result };
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

/**
 * The checkpoint in a report as JSON text. One that cannot be kept is an error: the worker would go on in the belief that it is.
 *
 * @throws {AppError} payload-too-large or invalid-request.
 */
export function reportedCheckpoint(body: object): string {
  if (body instanceof OversizeReport) throw refused(tooLargeCheckpoint(body.bytes));
  const { checkpoint } = body as { checkpoint?: unknown };
  if (checkpoint === undefined) {
    throw invalidRequest([{ pointer: '/checkpoint', detail: 'is required; null removes the checkpoint' }]);
  }
  try {
    return checkpointText(JsonText.of(checkpoint));
  } catch (error) {
    throw error instanceof UnusableCheckpoint ? refused(error) : error;
  }
}

const refused = ({ message, isTooLarge }: UnusableCheckpoint): AppError =>
  isTooLarge
    ? new AppError('payload-too-large', `${message}.`)
    : invalidRequest([{ pointer: '/checkpoint', detail: message }]);

const DELAY_LIMITS = { min: 0, max: MAX_DURATION_MS };

const unstorable = (id: string, error: ReportedError): FailedReport => ({
  id,
  kind: 'failed',
  error,
  retryable: false,
  retryInMs: undefined,
});

/** @param nowMs Unix ms, for the time of an error. */
export function outcomeOf(report: JobReport, attempt: number, nowMs: number): ReportedOutcome {
  if (report.kind === 'completed') return { kind: 'completed', result: report.result.text };
  if (report.kind === 'released') return { kind: 'released', delayMs: report.delayMs };
  return reportedFailure(report.error, report, attempt, nowMs);
}
