import { createHash } from 'node:crypto';
import type { Connection } from '../../../src/redis/connection.ts';
import { scripts } from '../../../src/scripts.ts';

/** How long calls of one script have kept Redis. */
export interface SlowScript {
  readonly name: string;
  /** Of the calls in SLOWLOG, longest first, ms. */
  readonly times: readonly number[];
}

const MOST_ENTRIES = 100_000;

/** Settings of a Redis that writes calls longer than this into SLOWLOG, ms. */
export const slowlogSettings = (ms: number) => ({
  'slowlog-log-slower-than': String(ms * 1_000),
  'slowlog-max-len': String(MOST_ENTRIES),
});

/** What SLOWLOG says of our scripts, the slowest first. A busy machine makes single calls longer than they are. */
export async function slowScripts(redis: Connection): Promise<SlowScript[]> {
  const names = new Map(scripts.map(({ name, lua }) => [createHash('sha1').update(lua).digest('hex'), name]));
  const entries = (await redis.call('SLOWLOG', 'GET', MOST_ENTRIES)) as [
    id: number,
    at: number,
    micros: number,
    command: string[],
  ][];
  const times = new Map<string, number[]>();
  for (const [, , micros, [, sha = '']] of entries) {
    const name = names.get(sha);
    if (name !== undefined) times.set(name, [...(times.get(name) ?? []), micros / 1_000]);
  }
  const slow = [...times].map(([name, all]) => ({ name, times: all.sort((a, b) => b - a) }));
  return slow.sort((a, b) => (b.times[0] ?? 0) - (a.times[0] ?? 0));
}
