import type { Connection } from '../../../redis/connection.ts';
import { type EntryOptions, encodeOptions } from '../../../redis/entry-options.ts';
import { formatRef, letterOf, parseRef, type Ref } from '../../../redis/job-id.ts';
import { GROUP, placeIndex, type QueueKeys } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { lastId, now } from '../../../redis/script/lua.ts';
import { DEFAULT_PRIORITY } from '../../../schemas/job.ts';
import { MAX_DURATION_MS } from '../../../schemas/values/duration.ts';
import { WAKE_HORIZON_MS } from '../../wake.ts';
import { deleteNotes } from '../delete-notes.ts';
import { FIRST, publishEvent, RANK_SPAN, wakeWorkers } from '../lua.ts';
import { moveTags, tagLines } from '../tags/tag-place.ts';

/** Lua: notes of which each says that a handler has begun with the job, or that somebody asked to cancel it while it ran. */
const BEGUN = [
  NOTE.failedDeliveries,
  NOTE.startedAt,
  NOTE.failedBeforeRequeue,
  NOTE.cancelAskedAt,
  NOTE.checkpoint,
  NOTE.logged,
  NOTE.losses,
  NOTE.progress,
]
  .map((field) => `ref .. ${field}`)
  .join(', ');

/**
 * Replaces a job that waits and was never started: a new entry in `parked`, where no blocking read delivers it, takes the place of
 * the old one. The job keeps its id, which names its first entry. A held job is looked at again.
 *
 * `firstRef`: of the first entry. `at`: when the job may start; `expiresAt`: ms, or '' for never; `rank`: index of the priority,
 * '' for normal; `options`: JSON without `x`, with at least one member. `oldTags`, `newTags`: lines, '' for tags that stay.
 * Returns { 'changed', ref of the new entry } | { 'started' } | { 'missing' }: there is no such entry, or no more.
 */
export const changeScript = defineScript({
  name: 'change',
  queueKeys: [
    'scheduled',
    'ranked',
    'holds',
    'notes',
    'expiring',
    'events',
    'wake',
    'totals',
    'settings',
    'changed',
    'tagged',
    'stream',
    'due',
    'dead',
  ],
  args: [
    'place',
    'id',
    'ref',
    'firstRef',
    'at',
    'rank',
    'expiresAt',
    'mostExpiryMs',
    'task',
    'payload',
    'options',
    'oldTags',
    'newTags',
    'wakeHorizonMs',
  ],
  whenFull: 'refused',
  uses: [now, lastId, deleteNotes, publishEvent, wakeWorkers],
  lua: `
local from = tonumber(place)
if #redis.call('XRANGE', stream[from], id, id) == 0 then return { 'missing' } end
local noted = redis.call('HMGET', notes, ref .. ${NOTE.heldAs}, ${BEGUN})
local heldAs, hasBegun = noted[1], false
for i = 2, #noted do hasBegun = hasBegun or noted[i] end
local isWaiting = redis.call('ZSCORE', scheduled, ref) or redis.call('ZSCORE', due[from], ref)
local hasGroup = #redis.call('XINFO', 'GROUPS', stream[from]) > 0
local isRunning = not isWaiting and hasGroup and #redis.call('XPENDING', stream[from], '${GROUP}', id, id, 1) > 0
if hasBegun or isRunning or redis.call('ZSCORE', dead[from], ref) then
  return { 'started' }
end

redis.call('ZREM', scheduled, ref)
redis.call('ZREM', due[from], ref)
redis.call('ZREM', expiring, ref)
if heldAs then redis.call('ZREM', holds, heldAs .. ref) end
redis.call('XDEL', stream[from], id)
deleteNotes(notes, ranked, ref)

-- The id of the entry begins with this time, so that the expiry can count from it.
local created, text, expiresIn = now, options, nil
if redis.call('EXISTS', stream[5]) == 1 then
  created = math.max(now, tonumber(string.match(lastId(stream[5]), '^%d+')))
end
if expiresAt ~= '' then
  expiresIn = math.max(0, math.min(tonumber(mostExpiryMs), expiresAt - created))
  text = '{"x":' .. expiresIn .. ',' .. string.sub(options, 2)
end
local entryId = redis.call('XADD', stream[5], created .. '-*', 't', task, 'p', payload, 'o', text)
local present = '${letterOf('parked')}' .. entryId
redis.call('ZADD', scheduled, at, present)
if rank ~= '' then redis.call('ZADD', ranked, rank * ${RANK_SPAN} + at, present) end
if expiresIn then redis.call('ZADD', expiring, created + expiresIn, present) end
  ${moveTags('ZREM', 'tagged', 'oldTags', 'firstRef')}
  ${moveTags('ZADD', 'tagged', 'newTags', 'firstRef')}
-- The queue may have been removed and made again.
redis.call('PERSIST', changed)
redis.call('HDEL', changed, '${FIRST}' .. ref)
redis.call('HSET', changed, firstRef, present, '${FIRST}' .. present, firstRef)
redis.call('HSET', settings, 'changed', 1)
redis.call('HINCRBY', totals, 'changed', 1)
publishEvent(events, 'changed', { firstRef }, settings)
if at - now < tonumber(wakeHorizonMs) then wakeWorkers(wake, 1) end
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
