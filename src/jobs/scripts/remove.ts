import { QUEUE_ROOM } from '../../lifecycle/scripts/fragments/limits.ts';
import { deleteDeadLetter } from '../../lifecycle/scripts/lua.ts';
import type { Connection } from '../../redis/connection.ts';
import type { Ref } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { decodeFound, type Found, LOOKUP, lookupNames } from './lookup.ts';

/** Removes a job that has ended ('result' or 'failed'); any other stays. Returns `found`: where the job was. */
export const removeScript = defineScript({
  name: 'remove',
  fragments: [QUEUE_ROOM, LOOKUP],
  queueKeys: ['totals', 'ranked', 'logs'],
  uses: [deleteDeadLetter],
  lua: `
if found[1] == 'result' then
  redis.call('DEL', result, logs .. ref)
elseif found[1] == 'failed' then
  deleteDeadLetter(ownStream, ownDead, notes, ranked, logs, totals, ref)
end
return found
`,
});

/** Removes the job if it has ended ('result' or 'failed'); any other is found and stays. */
export async function remove(redis: Connection, queue: QueueKeys, ref: Ref): Promise<Found> {
  const [keys, args] = lookupNames(queue, ref);
  return decodeFound(await removeScript.run(redis, keys, args));
}
