import { setTimeout as sleep } from 'node:timers/promises';

/** Redis keeps a histogram of 25 kB for each command from its first call on, and a log of slow ones: no job's memory. */
export const QUIET_SETTINGS = { 'latency-tracking': 'no', 'slowlog-max-len': '0' };

/** Redis frees the buffers of a connection that has been quiet for two seconds (clientsCron). */
const QUIET_MS = 3_000;

/** Bytes that Redis has in use (`used_memory`), when nobody speaks to it. */
export async function usedMemory(
  call: (command: string, ...args: string[]) => Promise<unknown>,
): Promise<number> {
  await sleep(QUIET_MS);
  await call('MEMORY', 'PURGE');
  return Number(/^used_memory:(\d+)/m.exec(String(await call('INFO', 'memory')))?.[1]);
}
