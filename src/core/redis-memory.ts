import { type Primary, primariesOf } from '../redis/cluster/primaries.ts';
import type { Connection } from '../redis/connection.ts';

interface Memory {
  readonly usedBytes: number;
  readonly maxBytes: number;
}

/** How much memory Redis uses, and may use, bytes; 0 for no limit. Of a Cluster: that primary which is fullest. */
export async function redisMemory(redis: Connection): Promise<Memory> {
  const all = await Promise.all(primariesOf(redis).map(memoryOf));
  const share = ({ usedBytes, maxBytes }: Memory) => (maxBytes === 0 ? 0 : usedBytes / maxBytes);
  return all.reduce((fullest, one) =>
    share(one) > share(fullest) || (share(one) === share(fullest) && one.usedBytes > fullest.usedBytes)
      ? one
      : fullest,
  );
}

async function memoryOf({ redis }: Primary): Promise<Memory> {
  const info = await redis.info('memory');
  const bytes = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return { usedBytes: bytes('used_memory'), maxBytes: bytes('maxmemory') };
}
