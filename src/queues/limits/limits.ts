import { invalidRequest } from '../../errors.ts';
import { LIMIT_FIELDS, type LimitField } from '../../lifecycle/limits/settings.ts';
import type { Fault } from '../../schemas/problem.ts';
import type { QueueSummary } from '../../schemas/queue.ts';
import { type LimitSettings, PER_LIMITS, type RateSetting } from '../../schemas/queues/limits.ts';
import { durationMs } from '../../schemas/values/duration.ts';

/** `limit` starts in `perMs`, and up to `burst` at once after a time without starts. */
export interface Rate {
  readonly limit: number;
  readonly perMs: number;
  readonly burst: number;
}

/** What limits the jobs of a queue, by the fields of its settings. An absent one is no limit. */
export interface QueueLimits {
  readonly concurrency?: number;
  readonly rate?: Rate;
  readonly keyConcurrency?: number;
  readonly keyRate?: Rate;
  readonly keyMaxJobs?: number;
  readonly fair?: true;
}

/** A year. The time at which a rate allows a whole burst again is a number of microseconds, which must be exact. */
const MAX_FILL_MS = 366 * 86_400_000;

const RATE = /^(\d{1,16}) (\d{1,16}) (\d{1,16})$/;

/** @param stored the values of `LIMIT_FIELDS`, in this order. What cannot be read is no limit. */
export function readLimits(stored: readonly (string | null | undefined)[]): QueueLimits {
  const value = (field: LimitField) => stored[LIMIT_FIELDS.indexOf(field)] ?? '';
  const limits = {
    concurrency: readCount(value('concurrency')),
    rate: readRate(value('rate')),
    keyConcurrency: readCount(value('keyConcurrency')),
    keyRate: readRate(value('keyRate')),
    keyMaxJobs: readCount(value('keyMaxJobs')),
    fair: value('fair') === '' ? undefined : true,
  };
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
}

const readCount = (text: string): number | undefined => (/^\d{1,16}$/.test(text) ? Number(text) : undefined);

function readRate(text: string): Rate | undefined {
  const [, limit, perMs, burst] = RATE.exec(text) ?? [];
  if (limit === undefined) return undefined;
  return { limit: Number(limit), perMs: Number(perMs), burst: Number(burst) };
}

/**
 * The fields that a request changes, each with its new value, '' for none.
 *
 * @throws {AppError} invalid-request for a rate that the schema cannot check.
 */
export function limitChanges({ concurrency, rate, perKey, fair }: LimitSettings): [LimitField, string][] {
  const key = perKey === null ? { concurrency: null, rate: null, maxJobs: null } : perKey;
  const faults = [...rateFaults('/rate', rate), ...rateFaults('/perKey/rate', key?.rate)];
  if (faults.length > 0) throw invalidRequest(faults);
  const texts: Readonly<Record<LimitField, string | undefined>> = {
    concurrency: countText(concurrency),
    rate: rateText(rate),
    keyConcurrency: countText(key?.concurrency),
    keyRate: rateText(key?.rate),
    keyMaxJobs: countText(key?.maxJobs),
    fair: fair === undefined ? undefined : fair ? '1' : '',
  };
  return LIMIT_FIELDS.flatMap((field): [LimitField, string][] => {
    const text = texts[field];
    return text === undefined ? [] : [[field, text]];
  });
}

const countText = (count: number | null | undefined): string | undefined =>
  count === undefined ? undefined : String(count ?? '');

function rateText(rate: RateSetting | null | undefined): string | undefined {
  if (!rate) return rate === null ? '' : undefined;
  const { limit, per, burst = limit } = rate;
  return `${limit} ${durationMs(per)} ${burst}`;
}

function rateFaults(pointer: string, rate: RateSetting | null | undefined): Fault[] {
  if (!rate) return [];
  const { limit, per, burst = limit } = rate;
  const perMs = durationMs(per);
  if (perMs < PER_LIMITS.min || perMs > PER_LIMITS.max) {
    return [{ pointer: `${pointer}/per`, detail: `must be ${PER_LIMITS.min} ms to ${PER_LIMITS.max} ms` }];
  }
  if ((burst / limit) * perMs <= MAX_FILL_MS) return [];
  const most = Math.floor((MAX_FILL_MS * limit) / perMs);
  return [{ pointer: `${pointer}/burst`, detail: `must be at most ${most}: what the rate allows in a year` }];
}

/** The limits as answers show them. */
export function showLimits({
  concurrency,
  rate,
  keyConcurrency,
  keyRate,
  keyMaxJobs,
  fair,
}: QueueLimits): Pick<QueueSummary, 'concurrency' | 'rate' | 'perKey' | 'fair'> {
  const perKey = {
    ...(keyConcurrency !== undefined && { concurrency: keyConcurrency }),
    ...(keyRate && { rate: showRate(keyRate) }),
    ...(keyMaxJobs !== undefined && { maxJobs: keyMaxJobs }),
  };
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(rate && { rate: showRate(rate) }),
    ...(Object.keys(perKey).length > 0 && { perKey }),
    ...(fair && { fair }),
  };
}

const showRate = ({ limit, perMs, burst }: Rate) => ({ limit, per: perMs, burst });
