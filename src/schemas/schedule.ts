import { type Static, Type } from 'typebox';
import { SUBMIT_TEXTS, SubmitJob } from './job.ts';
import { inMembers } from './json/places.ts';
import { duration } from './values/duration.ts';
import { jobId, NAME_FORM, QUEUE_NAME_PATTERN, timestamp } from './values/names.ts';

/** The longest window over which the fire times of a schedule may be spread, ms. */
export const MAX_WINDOW_MS = 86_400_000;
/** The shortest time between two slots, ms. */
export const MIN_EVERY_MS = 1_000;
/** The label of a job that names its schedule and slot. */
export const SLOT_LABEL = 'schedule';
export const DEFAULT_TIME_ZONE = 'UTC';

export const ScheduleId = Type.String({
  pattern: QUEUE_NAME_PATTERN,
  description: `The id of a schedule. ${NAME_FORM}`,
  examples: ['nightly-report'],
});

const labels = SubmitJob.properties.metadata;

/** The job that a schedule submits. It has no start time of its own. */
export const ScheduledJob = Type.Object(
  {
    ...Type.Omit(SubmitJob, ['delay', 'runAt', 'metadata']).properties,
    metadata: Type.Optional(
      Type.Unsafe<Record<string, string>>({
        ...labels,
        maxProperties: 31,
        propertyNames: { maxLength: 128, not: { const: SLOT_LABEL } },
        description: `Your own labels, up to 31. The service adds the label "${SLOT_LABEL}": \`<schedule id>/<slot>\`.`,
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'The job to submit at each slot, as for `POST /jobs`, without `delay` and `runAt`.',
    examples: [{ task: 'fib', payload: { n: 100 } }],
  },
);
export type ScheduledJob = Static<typeof ScheduledJob>;

const choice = <T extends string>(values: readonly T[], description: string) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], description });

const MISFIRES = ['skip', 'one', 'all'] as const;
export type Misfire = (typeof MISFIRES)[number];
const OVERLAPS = ['allow', 'skip', 'replace'] as const;

export const MisfireRule = choice(
  MISFIRES,
  'What happens to slots that no process fired within a minute. `skip`: they are dropped. `one`: the latest fires once (default). `all`: all fire, at most the latest 100 of the last day.',
);
export const OverlapRule = choice(
  OVERLAPS,
  'What happens while the job of the slot before has not ended. `allow`: submit another (default). `skip`: submit none. `replace`: cancel that job first.',
);

const exampleJob = { queue: 'default', task: 'fib', payload: { n: 100 } };

const time = (description: string) =>
  Type.String({ format: 'date-time', description, examples: ['2026-01-31T12:00:00Z'] });

const timing = {
  cron: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9@*?/,#+ -]{1,256}$',
      description:
        'A cron expression of five fields, or six with seconds first, such as "30 2 * * *" or "0 9 * * MON-FRI". `?` is the same as `*`. Excludes `every`.',
      examples: ['30 2 * * *'],
    }),
  ),
  every: Type.Optional(
    duration(
      'The time between two slots, at least 1 s. Counts from `startAt`, else from the creation. Excludes `cron`.',
      {
        min: MIN_EVERY_MS,
      },
    ),
  ),
  timeZone: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'The IANA time zone of `cron`. Default UTC.',
      examples: ['Europe/Berlin'],
    }),
  ),
  misfire: Type.Optional(MisfireRule),
  overlap: Type.Optional(OverlapRule),
  startAt: Type.Optional(time('There is no slot before this time (RFC 3339). Default: no limit.')),
  endAt: Type.Optional(time('There is no slot after this time (RFC 3339). Default: no limit.')),
  maxRuns: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'The most jobs in all. Default: no limit.',
    }),
  ),
  window: Type.Optional(
    duration('Spreads the load: each slot fires at its own moment within this time after it. Default 0.', {
      max: MAX_WINDOW_MS,
    }),
  ),
};

export const PutSchedule = Type.Object(
  { ...timing, job: ScheduledJob },
  {
    additionalProperties: false,
    description: 'A schedule: when to submit, and which job. Give either `cron` or `every`.',
    examples: [{ cron: '30 2 * * *', timeZone: 'Europe/Berlin', job: exampleJob }],
  },
);
export type PutSchedule = Static<typeof PutSchedule>;

/** The texts in a schedule, as sent and as stored. */
export const SCHEDULE_TEXTS = inMembers({ job: SUBMIT_TEXTS });

export const PreviewSchedule = Type.Object(
  { ...timing, job: Type.Optional(ScheduledJob) },
  {
    additionalProperties: false,
    description: 'A schedule that is not stored. Give either `cron` or `every`.',
    examples: [{ cron: '30 2 * * *', timeZone: 'Europe/Berlin' }],
  },
);
export type PreviewSchedule = Static<typeof PreviewSchedule>;

export const Count = Type.Integer({ minimum: 0 });

export const SkipReasonSchema = choice(
  ['overlap', 'not-unique', 'queue-full', 'key-full', 'not-stored'],
  'Why the schedule submitted no job. `overlap`: the job before had not ended. `not-unique`: another job had the place of a unique one. `queue-full`: the queue was full. `key-full`: the key of the job had `perKey.maxJobs` jobs. `not-stored`: Redis could not store the job.',
);

export const exampleSchedule = {
  id: 'nightly-report',
  cron: '30 2 * * *',
  timeZone: 'Europe/Berlin',
  misfire: 'one',
  overlap: 'allow',
  job: exampleJob,
  paused: false,
  finished: false,
  createdAt: '2026-01-30T12:00:00.000Z',
  updatedAt: '2026-01-30T12:00:00.000Z',
  nextAt: '2026-02-01T01:30:00.000Z',
  lastSlot: '2026-01-31T01:30:00.000Z',
  lastJob: 'default~nmkxf5q40-0',
  runs: 1,
  missed: 0,
  skipped: 0,
};

export const Schedule = Type.Object(
  {
    id: Type.String({ description: 'The id of the schedule.' }),
    cron: Type.Optional(Type.String({ description: 'The cron expression.' })),
    timeZone: Type.Optional(Type.String({ description: 'The IANA time zone of `cron`.' })),
    every: Type.Optional(Type.Integer({ description: 'The time between two slots, in milliseconds.' })),
    misfire: MisfireRule,
    overlap: OverlapRule,
    startAt: Type.Optional(timestamp('There is no slot before this time.')),
    endAt: Type.Optional(timestamp('There is no slot after this time.')),
    maxRuns: Type.Optional(Type.Integer({ description: 'The most jobs in all.' })),
    window: Type.Optional(
      Type.Integer({ description: 'The window after each slot within which it fires, in milliseconds.' }),
    ),
    job: Type.Unsafe<ScheduledJob>({
      type: 'object',
      additionalProperties: true,
      description: 'The job that the schedule submits, as given.',
    }),
    paused: Type.Boolean({ description: 'Whether the schedule is paused.' }),
    finished: Type.Boolean({
      description: 'Whether the schedule fires no more because `endAt` or `maxRuns` is reached.',
    }),
    createdAt: timestamp('When the schedule was created.'),
    updatedAt: timestamp('When the schedule was last changed.'),
    nextAt: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'When the schedule fires next. Absent when paused or finished.',
      }),
    ),
    lastSlot: Type.Optional(
      Type.String({ format: 'date-time', description: 'The last slot whose job was submitted.' }),
    ),
    lastJob: Type.Optional(jobId('The id of the last job that the schedule submitted.')),
    runs: Type.Integer({ minimum: 0, description: 'Slots whose job was submitted.' }),
    missed: Type.Integer({ minimum: 0, description: 'Slots that the misfire rule dropped.' }),
    skipped: Type.Integer({
      minimum: 0,
      description: 'Slots whose job could not be submitted. See `lastSkip`.',
    }),
    lastSkip: Type.Optional(
      Type.Object(
        { slot: timestamp('The time of the slot.'), reason: SkipReasonSchema },
        { description: 'The last slot whose job could not be submitted.' },
      ),
    ),
  },
  {
    $id: 'Schedule',
    description: 'A schedule and its progress.',
    examples: [exampleSchedule],
  },
);
export type Schedule = Static<typeof Schedule>;
