import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { useRedis } from '../helpers/redis/server.ts';

const MAIN = join(import.meta.dirname, '../../dist/src/doctor/main.js');
const redis = useRedis({ persistent: true });
const api = useApi(redis);

interface Outcome {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built program, as it runs in the image. */
const doctor = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> =>
  new Promise((resolve) => {
    const settings = { PATH: process.env['PATH'], REDIS_URL: redis.url, MILLRACE_URL: api.origin, ...env };
    execFile(process.execPath, [MAIN, ...args], { env: settings, cwd: '/' }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });

it('ends with 0 when nothing is wrong', async () => {
  const { code, stdout } = await doctor(['--ignore', 'known-holes,latency']);
  expect(stdout).toContain('Each accepted job is on disk before its answer');
  expect(stdout).not.toContain('known-holes');
  expect(stdout).not.toContain('\u001b');
  expect(code, stdout).toBe(0);
});

it('ends with 1 when something is, and prints JSON', async () => {
  const { code, stdout } = await doctor(['--json'], { PORT: 'x', MILLRACE_URL: 'http://127.0.0.1:1' });
  const { healthy, findings } = JSON.parse(stdout) as {
    healthy: boolean;
    findings: { id: string; level: string }[];
  };
  expect(code).toBe(1);
  expect(healthy).toBe(false);
  expect(findings).toContainEqual(
    expect.objectContaining({ area: 'Settings', id: 'settings', level: 'fault' }),
  );
  expect(findings).toContainEqual(expect.objectContaining({ area: 'API', id: 'api', level: 'fault' }));
});

it('ends with 2 for an unknown option, and says which there are', async () => {
  const { code, stdout, stderr } = await doctor(['--fix']);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/--fix[\s\S]*--ignore/);
});

it('explains itself', async () => {
  const { code, stdout } = await doctor(['--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('MILLRACE_URL');
});
