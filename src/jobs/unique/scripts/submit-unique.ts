import { PARK_ENTRY, REPLACE_ENTRY } from '../../../lifecycle/scripts/changes/replace-entry.ts';
import { FREE_FOLLOWER } from '../../../lifecycle/scripts/unique/followers.ts';
import { FORGETTABLE, HOLDER, OPEN_JOB, POINTERS } from '../../../lifecycle/scripts/unique/places.ts';
import { WAKE_HORIZON_MS } from '../../../lifecycle/wake.ts';
import type { Connection } from '../../../redis/connection.ts';
import { encodeOptions } from '../../../redis/entry-options.ts';
import { parseRef, type Ref } from '../../../redis/job-id.ts';
import { placeIndex } from '../../../redis/keys.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { DEFAULT_PRIORITY } from '../../../schemas/job.ts';
import { MAX_DURATION_MS } from '../../../schemas/values/duration.ts';
import { decodeOnce, type Once, type Remembered, remember, replay } from '../../submit/scripts/once.ts';
import type { NewEntry } from '../../submit/scripts/submit.ts';
import { STORE_UNIQUE, TAKE_PLACE } from './take-place.ts';

/** Lua that a script needs for `takePlace`, in this order. */
export const PLACE_FRAGMENTS = [
  OPEN_JOB,
  POINTERS,
  HOLDER,
  FORGETTABLE,
  PARK_ENTRY,
  REPLACE_ENTRY,
  FREE_FOLLOWER,
  STORE_UNIQUE,
  TAKE_PLACE,
] as const;

/**
 * Takes in a job that shares its place with others, see `takePlace`.
 *
 * `record`, `fingerprint`, `recordTtlMs`: as in `submit`. `startAt`, `delay`, `expiresIn`: ms or ''; `priority`: '' for normal.
 * Returns what `takePlace` does, or { 'replayed', record } | { 'mismatch' }.
 */
export const submitUniqueScript = defineScript({
  name: 'submit-unique',
  keys: ['record'],
  fragments: PLACE_FRAGMENTS,
  args: [
    'fingerprint',
    'recordTtlMs',
    'lane',
    'priority',
    'startAt',
    'delay',
    'expiresIn',
    'task',
    'payload',
    'options',
  ],
  whenFull: 'refused',
  lua: `
${replay}
local kind, found = takePlace({ task = task, payload = payload, options = options, lane = tonumber(lane),
  priority = priority ~= '' and priority or nil, startAt = tonumber(startAt), delay = tonumber(delay), expiresIn = tonumber(expiresIn) })
if fingerprint ~= '' and kind ~= 'full' and kind ~= 'reject' then
  ${remember('found', 'kind')}
end
return { kind, found }
`,
});

type Kind = 'stored' | 'replaced' | 'existing' | 'cached' | 'reject';

export type UniquelySubmitted =
  | { kind: Kind; ref: Ref }
  /** The key of the submit has been used before; nothing was stored now. */
  | ({ kind: 'replayed' } & Remembered)
  | { kind: 'mismatch' }
  | { kind: 'full'; maxJobs: number };

type Raw = [Kind, ref: string] | ['replayed', record: string] | ['mismatch'] | ['full', maxJobs: number];

/** Takes in one job, whose options say its place. Refs are those of ids. With `once` it is taken in at most once. */
export async function submitUnique(
  redis: Connection,
  { keys, place, task, payload, options }: NewEntry,
  once?: Once,
): Promise<UniquelySubmitted> {
  const { at, d, x, pr, ...rest } = options;
  const priority = place === 'parked' ? (pr ?? DEFAULT_PRIORITY) : place;
  const raw = (await submitUniqueScript.run(
    redis,
    // Without a fingerprint no record is read or written, but the script has one key for it.
    { queue: keys, record: once?.key ?? keys.idempotency('') },
    {
      wakeHorizonMs: WAKE_HORIZON_MS,
      mostExpiryMs: MAX_DURATION_MS,
      fingerprint: once?.fingerprint ?? '',
      recordTtlMs: once?.ttlMs ?? 0,
      lane: placeIndex(priority),
      priority: priority === DEFAULT_PRIORITY ? '' : priority,
      startAt: at ?? '',
      delay: d ?? '',
      expiresIn: x ?? '',
      task,
      payload,
      options: encodeOptions(rest),
    },
  )) as Raw;
  switch (raw[0]) {
    case 'replayed':
      return { kind: 'replayed', ...decodeOnce(raw[1]) };
    case 'mismatch':
      return { kind: 'mismatch' };
    case 'full':
      return { kind: 'full', maxJobs: raw[1] };
    default:
      return { kind: raw[0], ref: parseRef(raw[1]) };
  }
}
