import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { pathInProject, readInProject as read } from '../helpers/local/pages.ts';
import { useRedis } from '../helpers/redis/server.ts';

const ENTRY = pathInProject('scripts/entry.sh');
const redis = useRedis();
let child: ChildProcess | undefined;

afterEach(() => {
  child?.kill('SIGKILL');
});

/** Starts a role as a container would, and waits until it is ready. */
async function start(role: string): Promise<ChildProcess> {
  child = spawn(ENTRY, [role], {
    env: { PATH: process.env['PATH'], REDIS_URL: redis.url, PORT: '0', PROCESSES: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('"ready"')) break;
  child.stdout.resume();
  return child;
}

describe('the entry point of the image', () => {
  it.each(['api', 'worker'])('becomes Node as the %s, which SIGTERM ends in order', async (role) => {
    const started = await start(role);
    const words = readFileSync(`/proc/${started.pid}/cmdline`, 'utf8').split('\0');
    expect(words[0]).toBe('node');
    expect(words[2]).toBe(role);
    started.kill('SIGTERM');
    expect(await once(started, 'exit')).toEqual([0, null]);
  });

  it('runs other commands, and programs of the image as earlier releases were started', async () => {
    const run = promisify(execFile);
    const { version } = JSON.parse(read('package.json'));
    expect((await run(ENTRY, ['--version'])).stdout).toBe(`${version}\n`);
    expect((await run(ENTRY, ['node', '-p', '6 * 7'])).stdout).toBe('42\n');
    await expect(run(ENTRY, ['nothing'])).rejects.toMatchObject({ code: 2 });
  });
});
