import { type Static, Type } from 'typebox';
import { SubmitJob } from './job.ts';
import { duration } from './values/duration.ts';
import { JobId, QUEUE_NAME_PATTERN, Timestamp } from './values/names.ts';

/** Longest time over which the slots of a schedule may be spread, ms. */
export const MAX_WINDOW_MS = 86_400_000;
/** Shortest time between two slots, ms. */
export const MIN_EVERY_MS = 1_000;
/** The label that tells a job its slot. */
export const SLOT_LABEL = 'schedule';
export const DEFAULT_TIME_ZONE = 'UTC';

export const ScheduleId = Type.String({
  pattern: QUEUE_NAME_PATTERN,
  description: '1 to 64 characters: letters, digits, "_", ".", "-"; starts with a letter or digit.',
  examples: ['nightly-report'],
});

const labels = SubmitJob.properties.metadata;

/** What is submitted: a job without a time of its own. */
export const ScheduledJob = Type.Object(
  {
    ...Type.Omit(SubmitJob, ['delay', 'runAt', 'metadata']).properties,
    metadata: Type.Optional(
      Type.Unsafe<Record<string, string>>({
        ...labels,
        maxProperties: 31,
        propertyNames: { maxLength: 128, not: { const: SLOT_LABEL } },
        description: `Your own labels, up to 31; "${SLOT_LABEL}" is added: \`<schedule id>/<slot>\`.`,
      }),
    ),
  },
  { additionalProperties: false, examples: [{ task: 'fib', payload: { n: 100 } }] },
);
export type ScheduledJob = Static<typeof ScheduledJob>;

const choice = <T extends string>(values: readonly T[], description: string) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], description });

const MISFIRES = ['skip', 'one', 'all'] as const;
export type Misfire = (typeof MISFIRES)[number];
const OVERLAPS = ['allow', 'skip', 'replace'] as const;

export const MisfireRule = choice(
  MISFIRES,
  'What becomes of slots that nobody fired within a minute: dropped, the latest fired once (default), or all fired, at most the latest 100 of the last day.',
);
export const OverlapRule = choice(
  OVERLAPS,
  'While the job of the slot before has not ended: submit another (default), submit none, or cancel that one first.',
);

const exampleJob = { queue: 'default', task: 'fib', payload: { n: 100 } };

const time = (description: string) =>
  Type.String({ format: 'date-time', description, examples: ['2026-01-31T12:00:00Z'] });

const timing = {
  cron: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9@*/,#+ -]{1,256}$',
      description:
        'Five fields, or six with seconds first, such as "30 2 * * *" or "0 9 * * MON-FRI". Either this or every.',
      examples: ['30 2 * * *'],
    }),
  ),
  every: Type.Optional(
    duration('Time between two slots, at least 1 s, counted from startAt or from the creation.', {
      min: MIN_EVERY_MS,
    }),
  ),
  timeZone: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'IANA zone in which cron is read. Default UTC.',
      examples: ['Europe/Berlin'],
    }),
  ),
  misfire: Type.Optional(MisfireRule),
  overlap: Type.Optional(OverlapRule),
  startAt: Type.Optional(time('No slot before this time (RFC 3339).')),
  endAt: Type.Optional(time('No slot after this time (RFC 3339).')),
  maxRuns: Type.Optional(
    Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Most jobs in all.' }),
  ),
  window: Type.Optional(
    duration('Spread: each slot is fired at a time of its own within this time after it.', {
      max: MAX_WINDOW_MS,
    }),
  ),
};

export const PutSchedule = Type.Object(
  { ...timing, job: ScheduledJob },
  {
    additionalProperties: false,
    examples: [{ cron: '30 2 * * *', timeZone: 'Europe/Berlin', job: exampleJob }],
  },
);
export type PutSchedule = Static<typeof PutSchedule>;

export const PreviewSchedule = Type.Object(
  { ...timing, job: Type.Optional(ScheduledJob) },
  { additionalProperties: false, examples: [{ cron: '30 2 * * *', timeZone: 'Europe/Berlin' }] },
);
export type PreviewSchedule = Static<typeof PreviewSchedule>;

export const Count = Type.Integer({ minimum: 0 });

export const SkipReasonSchema = choice(['overlap', 'queue-full', 'not-stored'], 'Why no job was submitted.');

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
    id: Type.String(),
    cron: Type.Optional(Type.String()),
    timeZone: Type.Optional(Type.String()),
    every: Type.Optional(Type.Integer({ description: 'Milliseconds.' })),
    misfire: MisfireRule,
    overlap: OverlapRule,
    startAt: Type.Optional(Timestamp),
    endAt: Type.Optional(Timestamp),
    maxRuns: Type.Optional(Type.Integer()),
    window: Type.Optional(Type.Integer({ description: 'Milliseconds.' })),
    job: Type.Unsafe<ScheduledJob>({
      type: 'object',
      additionalProperties: true,
      description: 'As it was given.',
    }),
    paused: Type.Boolean(),
    finished: Type.Boolean({ description: 'It fires no more: endAt or maxRuns is reached.' }),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    nextAt: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'When it fires next. Absent when paused or finished.',
      }),
    ),
    lastSlot: Type.Optional(
      Type.String({ format: 'date-time', description: 'The last slot of which a job was submitted.' }),
    ),
    lastJob: Type.Optional(JobId),
    runs: Type.Integer({ minimum: 0, description: 'Slots of which a job was submitted.' }),
    missed: Type.Integer({ minimum: 0, description: 'Slots that the misfire rule has dropped.' }),
    skipped: Type.Integer({ minimum: 0, description: 'Slots of which no job could be submitted.' }),
    lastSkip: Type.Optional(
      Type.Object({
        slot: Timestamp,
        reason: SkipReasonSchema,
      }),
    ),
  },
  {
    $id: 'Schedule',
    description: 'A schedule, and how far it has come.',
    examples: [exampleSchedule],
  },
);
export type Schedule = Static<typeof Schedule>;
