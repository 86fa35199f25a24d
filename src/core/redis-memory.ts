import type { Connection } from '../redis/connection.ts';

/** How much memory Redis uses, and may use, bytes; 0 for no limit. */
export async function redisMemory(redis: Connection): Promise<{ usedBytes: number; maxBytes: number }> {
  const info = await redis.info('memory');
  const bytes = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return { usedBytes: bytes('used_memory'), maxBytes: bytes('maxmemory') };
}
