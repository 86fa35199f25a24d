import { Type } from 'typebox';
import { duration } from '../values/duration.ts';
import { oneOf } from '../values/names.ts';

/** What a unique job may say of its place. */
export interface UniqueOptions {
  key?: string;
  until?: Until;
  for?: number | string;
  onConflict?: OnConflict;
}

const UNTIL = ['ended', 'started'] as const;
type Until = (typeof UNTIL)[number];

const ON_CONFLICT = ['existing', 'reject', 'replace'] as const;
export type OnConflict = (typeof ON_CONFLICT)[number];

/** The longest key of a place. */
export const MAX_PLACE_KEY = 255;

const placeKey = Type.String({
  minLength: 1,
  maxLength: MAX_PLACE_KEY,
  description: 'What the jobs have in common, in place of their payloads. 1 to 255 characters.',
  examples: ['document-17'],
});

/** `true`, or an object. One schema, no union: faults name the member that is wrong. */
export const Unique = Type.Unsafe<true | UniqueOptions>({
  type: ['boolean', 'object'],
  not: { const: false },
  additionalProperties: false,
  properties: {
    key: placeKey,
    until: oneOf(
      UNTIL,
      'How long a job keeps its place. `ended`: until it has completed, failed for good, expired, or been cancelled or removed (default). `started`: until a worker takes it.',
    ),
    for: duration('A job keeps its place at least this long after its submit, whatever becomes of it.'),
    onConflict: oneOf(
      ON_CONFLICT,
      'What happens while another job has the place. `existing`: the answer is 200 with that job (default). `reject`: the answer is 409 `not-unique`. `replace`: the other job gets the new payload, options and time, and keeps its id. While it runs, the new job waits for its end, and later ones replace that.',
    ),
  },
  description:
    'One job at a time for the same queue, task and `key`. Without `key` the payloads count: those that are equal as JSON are one. `true`: all defaults.',
  examples: [true, { key: 'document-17', onConflict: 'existing' }],
});

/** Jobs whose start each new one puts off. */
export interface DebounceOptions {
  wait: number | string;
  maxWait?: number | string;
  key?: string;
}

export const Debounce = Type.Unsafe<DebounceOptions>({
  type: 'object',
  additionalProperties: false,
  required: ['wait'],
  properties: {
    wait: duration('The job starts this long after the last submit.'),
    maxWait: duration('The job starts no later than this long after the first submit. Default: no limit.'),
    key: placeKey,
  },
  description:
    'As `unique` with `replace`, and each submit puts the start off again: the last of many edits runs. Excludes `unique`, `delay` and `runAt`.',
  examples: [{ wait: '5s', maxWait: '1m', key: 'document-17' }],
});

/** How long the result of a job answers others. */
export interface CacheOptions {
  for: number | string;
  key?: string;
}

/** A duration, or an object. */
export const Cache = Type.Unsafe<number | string | CacheOptions>({
  ...duration(''),
  type: ['integer', 'string', 'object'],
  additionalProperties: false,
  required: ['for'],
  properties: {
    for: duration('For so long after its completion a job answers later submits.'),
    key: placeKey,
  },
  description:
    'When a job of the same queue, task and payload (or `key`), submitted with `cache`, has completed within this time, the answer is 200 with that job, and nothing runs. Submits that miss together become one job. A duration, or an object. Excludes `unique` and `debounce`.',
  examples: ['10m', { for: '1h', key: 'report-17' }],
});
