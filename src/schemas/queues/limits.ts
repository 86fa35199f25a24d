import { type TObject, Type } from 'typebox';
import { type DurationLimits, duration } from '../values/duration.ts';

/** The most starts of a rate in its time, or at once. */
const MAX_STARTS = 1_000_000;

/** Redis counts the time between two starts in microseconds: there must be one, and a year of them must be exact. */
export const PER_LIMITS = { min: 1_000, max: 31 * 86_400_000 } as const satisfies DurationLimits;

const PAUSE_HINT = 'To let no job start, pause the queue: POST /queues/{name}/pause.';

const TEXTS = {
  concurrency: 'The most running jobs of the queue, over all workers.',
  rate: 'How often attempts may start.',
  perKey: 'Limits for the jobs of each `key`. Jobs without a key are not concerned.',
  keyConcurrency: 'The most running jobs of a key.',
  keyRate: 'How often attempts of jobs of a key may start.',
  keyMaxJobs: 'The most jobs of a key that wait or run. The service answers further submits with 429.',
  fair: 'Whether keys with waiting jobs take turns, one start each.',
  limit: 'Starts in that time.',
  per: 'In which time.',
  burst: 'Starts at once after a time without any.',
} as const;

const starts = (description: string) =>
  Type.Integer({ minimum: 1, maximum: MAX_STARTS, description, 'x-hint': PAUSE_HINT });

const limitJobs = (description: string) =>
  Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: `${description} null: no limit.`,
    'x-hint': PAUSE_HINT,
  });

/** The object, or null to take the limit away. */
const orNull = <T>(object: TObject) => Type.Unsafe<T | null>({ ...object, type: ['object', 'null'] });

/** A rate in a request. */
export interface RateSetting {
  limit: number;
  per: number | string;
  burst?: number;
}

const rateSetting = (description: string) =>
  orNull<RateSetting>(
    Type.Object(
      {
        limit: starts(TEXTS.limit),
        per: duration(TEXTS.per, PER_LIMITS),
        burst: Type.Optional(starts(`${TEXTS.burst} Default: \`limit\`.`)),
      },
      { additionalProperties: false, description: `${description} null: no limit.` },
    ),
  );

/** Limits of each key in a request. An absent member keeps its value. */
export interface KeySettings {
  concurrency?: number | null;
  rate?: RateSetting | null;
  maxJobs?: number | null;
}

/** The limits among the settings of a queue. */
export const LIMIT_SETTINGS = {
  concurrency: Type.Optional(limitJobs(TEXTS.concurrency)),
  rate: Type.Optional(rateSetting(TEXTS.rate)),
  perKey: Type.Optional(
    orNull<KeySettings>(
      Type.Object(
        {
          concurrency: Type.Optional(limitJobs(TEXTS.keyConcurrency)),
          rate: Type.Optional(rateSetting(TEXTS.keyRate)),
          maxJobs: Type.Optional(limitJobs(TEXTS.keyMaxJobs)),
        },
        {
          additionalProperties: false,
          minProperties: 1,
          description: `${TEXTS.perKey} An absent member keeps its value. null: no limits.`,
        },
      ),
    ),
  ),
  fair: Type.Optional(
    Type.Unsafe<boolean | null>({ type: ['boolean', 'null'], description: `${TEXTS.fair} null: no.` }),
  ),
};

/** What a request says of the limits. */
export interface LimitSettings extends Pick<KeySettings, 'concurrency' | 'rate'> {
  perKey?: KeySettings | null;
  fair?: boolean | null;
}

const shownCount = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, description: `${description} Absent: no limit.` }));
const shownRate = (description: string) =>
  Type.Optional(
    Type.Object(
      {
        limit: Type.Integer({ minimum: 1, description: TEXTS.limit }),
        per: Type.Integer({ minimum: 1, description: `${TEXTS.per.slice(0, -1)}, in milliseconds.` }),
        burst: Type.Integer({ minimum: 1, description: TEXTS.burst }),
      },
      { description: `${description} Absent: no limit.` },
    ),
  );

/** The limits of a queue in an answer. */
export const SHOWN_LIMITS = {
  concurrency: shownCount(TEXTS.concurrency),
  rate: shownRate(TEXTS.rate),
  perKey: Type.Optional(
    Type.Object(
      {
        concurrency: shownCount(TEXTS.keyConcurrency),
        rate: shownRate(TEXTS.keyRate),
        maxJobs: shownCount(TEXTS.keyMaxJobs),
      },
      { description: `${TEXTS.perKey} Absent: no limits.` },
    ),
  ),
  fair: Type.Optional(Type.Boolean({ description: `${TEXTS.fair} Absent: no.` })),
};
