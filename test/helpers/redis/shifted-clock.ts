import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SOURCE = join(import.meta.dirname, 'shifted-clock.c');
const SERVER =
  'if command -v redis-server >/dev/null; then set -- redis-server "$@"; else set -- valkey-server "$@"; fi';

/**
 * Makes programs that are a Redis server whose wall clock differs from that of this machine.
 *
 * @param dir A folder for them.
 * @param offsetsMs How far each clock is ahead; negative: behind.
 * @returns Their paths, for `startRedis`.
 */
export async function serversWithClocks(dir: string, offsetsMs: readonly number[]): Promise<string[]> {
  const library = join(dir, 'shifted-clock.so');
  if (offsetsMs.length > 0) {
    await promisify(execFile)('cc', ['-shared', '-fPIC', '-O2', '-o', library, SOURCE]);
  }
  const write = async (offsetMs: number, i: number) => {
    const program = join(dir, `redis-server-${i}`);
    const start = `exec env LD_PRELOAD='${library}' CLOCK_OFFSET_MS=${offsetMs} "$@"`;
    await writeFile(program, `#!/bin/sh\n${SERVER}\n${start}\n`, { mode: 0o755 });
    return program;
  };
  return Promise.all(offsetsMs.map(write));
}
