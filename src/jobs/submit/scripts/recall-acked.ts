import type { Connection } from '../../../redis/connection.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { decodeOnce, type Remembered, writeAgain } from './once.ts';

/** Returns `record`, or nothing if there is none. */
export const recallAckedScript = defineScript({
  name: 'recall-acked',
  keys: ['record'],
  whenFull: 'refused',
  lua: `
local stored = redis.call('GET', record)
if not stored then return false end
${writeAgain}
return stored
`,
});

/** As `recallOnce`, once replicas have the record and what was stored with it. @param acked waits for them. */
export async function recallAcked(acked: Connection, key: string): Promise<Remembered | undefined> {
  const record = (await recallAckedScript.run(acked, { record: key }, {})) as string | null;
  return record === null ? undefined : decodeOnce(record);
}
