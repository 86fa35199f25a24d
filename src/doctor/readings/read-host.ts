import { readFile } from 'node:fs/promises';
import type { HostReadings } from './readings.ts';

/** Where Linux shows itself; another folder for tests. */
const ROOT = '/';

/** Reads what Linux says of its memory; other systems say nothing. @param redisPid '' when Redis runs elsewhere. */
export async function readHost(redisPid: string, root = ROOT): Promise<HostReadings> {
  const [hugePages, overcommit, status] = await Promise.all([
    textOf(`${root}sys/kernel/mm/transparent_hugepage/enabled`),
    textOf(`${root}proc/sys/vm/overcommit_memory`),
    redisPid === '' ? undefined : textOf(`${root}proc/${redisPid}/status`),
  ]);
  // In a container Redis knows itself by another process id: its name must fit. Linux shows the rest since 5.0.
  const isRedis = /^Name:\s*(redis|valkey|keydb)/m.test(status ?? '');
  const enabled = isRedis ? /^THP_enabled:\s*(\d)/m.exec(status ?? '')?.[1] : undefined;
  return { hugePages, overcommit, redisGetsHugePages: enabled === undefined ? undefined : enabled === '1' };
}

const textOf = async (file: string): Promise<string | undefined> =>
  (await readFile(file, 'utf8').catch(() => undefined))?.trim();
