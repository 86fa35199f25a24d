import type { Connection } from '../../../redis/connection.ts';
import { type EntryOptions, encodeOptions } from '../../../redis/entry-options.ts';
import { formatRef, parseRef, type Ref } from '../../../redis/job-id.ts';
import { GROUP, placeIndex, type QueueKeys } from '../../../redis/keys.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { DEFAULT_PRIORITY } from '../../../schemas/job.ts';
import { MAX_DURATION_MS } from '../../../schemas/values/duration.ts';
import { WAKE_HORIZON_MS } from '../../wake.ts';
import { moveTags, tagLines } from '../tags/tag-place.ts';
import { begunNotes } from '../unique/places.ts';
import { PARK_ENTRY, REPLACE_ENTRY } from './replace-entry.ts';

/**
 * Replaces a job that waits and was never started. A job that is held for want of a worker is looked at again.
 *
 * `firstRef`: of the first entry. `at`: when the job may start; `expiresAt`: ms, or '' for never; `rank`: index of the priority,
 * '' for normal; `options`: JSON without `x`, with at least one member. `oldTags`, `newTags`: lines, '' for tags that stay.
 * Returns { 'changed', ref of the new entry } | { 'started' } | { 'missing' }: there is no such entry, or no more.
 */
export const changeScript = defineScript({
  name: 'change',
  queueKeys: ['scheduled', 'notes', 'stream', 'due', 'dead', 'tagged'],
  fragments: [PARK_ENTRY, REPLACE_ENTRY],
  args: [
    'place',
    'id',
    'ref',
    'firstRef',
    'at',
    'rank',
    'expiresAt',
    'task',
    'payload',
    'options',
    'oldTags',
    'newTags',
  ],
  whenFull: 'refused',
  lua: `
local from = tonumber(place)
local entry = redis.call('XRANGE', stream[from], id, id)[1]
if not entry then return { 'missing' } end
local hasBegun = false
for _, noted in ipairs(redis.call('HMGET', notes, ${begunNotes('ref')})) do hasBegun = hasBegun or noted end
local isWaiting = redis.call('ZSCORE', scheduled, ref) or redis.call('ZSCORE', due[from], ref)
local hasGroup = #redis.call('XINFO', 'GROUPS', stream[from]) > 0
local isRunning = not isWaiting and hasGroup and #redis.call('XPENDING', stream[from], '${GROUP}', id, id, 1) > 0
if hasBegun or isRunning or redis.call('ZSCORE', dead[from], ref) then
  return { 'started' }
end

local fresh = { task = task, payload = payload, options = options, at = tonumber(at), rank = tonumber(rank),
  expiresAt = tonumber(expiresAt) }
local present = replaceEntry({ first = firstRef, ref = ref, place = from, id = id, options = entry[2][6] }, fresh)
  ${moveTags('ZREM', 'tagged', 'oldTags', 'firstRef')}
  ${moveTags('ZADD', 'tagged', 'newTags', 'firstRef')}
return { 'changed', present }
`,
});

/** A job as it is to be from now on. */
export interface Change {
  /** Of its present entry. */
  readonly ref: Ref;
  /** Of its first entry, which its id names. */
  readonly first: Ref;
  readonly task: string;
  readonly payload: string;
  /** Without expiry. */
  readonly options: EntryOptions;
  /** Those that it had, where they change. */
  readonly oldTags: readonly string[] | undefined;
  /** When it may start, Unix ms. */
  readonly at: number;
  /** When it expires unless it has started, Unix ms. */
  readonly expiresAt: number | undefined;
}

export type ChangeOutcome =
  /** With the ref of the new entry. */
  | { readonly kind: 'changed'; readonly ref: Ref }
  /** The job runs, has run, or has failed; nothing was changed. */
  | { readonly kind: 'started' }
  /** The job has no such entry any more: it has ended, or was changed meanwhile. */
  | { readonly kind: 'missing' };

export async function change(
  redis: Connection,
  queue: QueueKeys,
  { ref, first, task, payload, options, oldTags, at, expiresAt }: Change,
): Promise<ChangeOutcome> {
  const { pr: priority = DEFAULT_PRIORITY } = options;
  const [kind, present] = (await changeScript.run(
    redis,
    { queue },
    {
      place: placeIndex(ref.place),
      id: ref.entryId,
      ref: formatRef(ref),
      firstRef: formatRef(first),
      at,
      rank: priority === DEFAULT_PRIORITY ? '' : placeIndex(priority),
      expiresAt: expiresAt ?? '',
      mostExpiryMs: MAX_DURATION_MS,
      task,
      payload,
      options: encodeOptions({ ...options, i: formatRef(first) }),
      oldTags: tagLines(oldTags),
      newTags: oldTags === undefined ? '' : tagLines(options.tg),
      wakeHorizonMs: WAKE_HORIZON_MS,
    },
  )) as [ChangeOutcome['kind'], string?];
  if (kind !== 'changed') return { kind };
  return { kind, ref: parseRef(present ?? '') };
}
