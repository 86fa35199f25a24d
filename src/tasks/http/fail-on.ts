import { STATUS_CODES } from 'node:http';
import { systemClock } from '../../clock.ts';
import { clip } from '../../schemas/json/well-formed.ts';
import { RequestRefused } from './refused.ts';
import { DEFAULT_FAIL_ON, type HttpRequest, type HttpResponse } from './schemas.ts';

/** A server may not put the next attempt off by more than a day. */
const MAX_RETRY_AFTER_MS = 86_400_000;
/** Characters of the body that the error keeps. */
const MAX_BODY = 2_000;

/** The three forms of a date in HTTP (RFC 9110, 5.6.7). The last one leaves out that it is in GMT. */
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT|[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})$/;

/** An answer whose status fails the attempt. `retryInMs`: the wait that the server asks for; absent: the backoff of the job. */
export class StatusFailure extends Error {
  override readonly name = 'StatusFailure';
  readonly data: Pick<HttpResponse, 'status' | 'url' | 'body' | 'encoding'>;
  declare readonly retryInMs?: number;

  constructor(method: string, { status, url, headers, body, encoding }: HttpResponse) {
    super(`${method} ${new URL(url).origin} answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd());
    this.data = { status, url, body: clip(body, MAX_BODY), encoding };
    const retryInMs = retryAfterMs(headers);
    if (retryInMs !== undefined) this.retryInMs = retryInMs;
  }
}

/**
 * Tells which statuses fail the attempt.
 *
 * @throws {RequestRefused} for a range without a status.
 */
export function failureTest(failOn: HttpRequest['failOn'] = DEFAULT_FAIL_ON): (status: number) => boolean {
  const ranges = failOn.map(toRange);
  return (status) => ranges.some(({ first, last }) => status >= first && status <= last);
}

function toRange(item: number | string): { first: number; last: number } {
  const [from = '', to = from] = String(item).split('-');
  const first = Number(from.replace(/xx$/i, '00'));
  const last = Number(to.replace(/xx$/i, '99'));
  if (first > last) throw new RequestRefused(`failOn has the range ${item}, which holds no status`);
  return { first, last };
}

/** The wait that the header `Retry-After` asks for; undefined for none, 0, a time that is past, and what is no time. */
function retryAfterMs(headers: HttpResponse['headers']): number | undefined {
  const text = headerOf(headers, 'retry-after');
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : untilDate(text, headers);
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
}

/** By the clock of the server where it says its time, since ours may differ. NaN for what is no date. */
const untilDate = (text: string, headers: HttpResponse['headers']): number =>
  httpDate(text) - (httpDate(headerOf(headers, 'date') ?? '') || systemClock.wall());

function httpDate(text: string): number {
  if (!HTTP_DATE.test(text)) return Number.NaN;
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}

const headerOf = (headers: HttpResponse['headers'], name: string): string | undefined =>
  [headers[name] ?? []].flat()[0]?.trim();
