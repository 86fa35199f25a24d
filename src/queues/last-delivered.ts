import type { Connection } from '../redis/connection.ts';
import { isNoKey } from '../redis/faults.ts';
import { GROUP } from '../redis/keys.ts';

/** Id of the last entry that the consumer group has delivered; '0-0' while the stream or the group does not exist. */
export async function lastDelivered(redis: Connection, stream: string): Promise<string> {
  try {
    const groups = (await redis.xinfo('GROUPS', stream)) as (string | number)[][];
    for (const group of groups) {
      const name = group[group.indexOf('name') + 1];
      if (name === GROUP) return String(group[group.indexOf('last-delivered-id') + 1]);
    }
  } catch (error) {
    if (!isNoKey(error)) throw error;
  }
  return '0-0';
}
