import { NOTE } from '../../../redis/note-fields.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { endKeys, findKeys, IS_FAIR, refundKeys } from '../keys/turns.ts';
import { publishEvent } from '../lua.ts';
import { refundStarts } from './limits.ts';

/**
 * Lua for scripts that give deliveries back without spending an attempt. `stopRunning(ref)`: the job no longer counts for its
 * key. It returns when a cancel was asked for, and the place in `holds` where the job was last.
 *
 * `giveBack(refs, unbegun, isUnbegun)` comes after all of them. It writes the event `released`, and gives back the starts of the
 * `unbegun` jobs whose handlers had not begun. `isUnbegun`: by ref; nil for all. Returns whether the queue has a limit, and how
 * many keys may start a job.
 */
export const GIVE_BACK = defineFragment({
  queueKeys: [
    'events',
    'notes',
    'holds',
    'settings',
    'changed',
    'rateUse',
    'turns',
    'runningKeys',
    'runsFor',
    'keyRates',
  ],
  uses: [publishEvent, refundStarts, findKeys, endKeys, refundKeys],
  lua: `
local ended = {}
local function stopRunning(ref)
  local cancelAskedAt, heldAs, key = unpack(redis.call('HMGET', notes, ref .. ${NOTE.cancelAskedAt}, ref .. ${NOTE.heldAs},
    ref .. ${NOTE.runsFor}), 1, 3)
  ended[#ended + 1], ended[#ended + 2] = key, ref
  return cancelAskedAt, heldAs
end
local function giveBack(refs, unbegun, isUnbegun)
  local hasLimit, perTime, isKeyed = publishEvent(events, 'released', refs, settings, changed)
  refundStarts(rateUse, perTime, unbegun)
  local keysEnded = findKeys(runsFor, ended, isKeyed)
  refundKeys(settings, keyRates, keysEnded, isUnbegun)
  return hasLimit, endKeys(runsFor, runningKeys, holds, turns, keysEnded, ${IS_FAIR})
end
`,
});
