import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/registry.ts';
import type { Job } from '../../src/schemas/job.ts';
import { useApi } from '../helpers/api/server.ts';
import { type CliOptions, interruptOnce, MAIN, runCli } from '../helpers/cli/run-cli.ts';
import { blocksOf } from '../helpers/local/doc-commands.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { startWorker, useWorker } from '../helpers/workers/worker-process.ts';

const ADMIN = 'an-admin-key-of-the-tests-0123456789';
const redis = useRedis();
const api = useApi(redis);
const guarded = useApi(redis, { AUTH: 'keys', ADMIN_KEY: ADMIN });
useWorker(redis);

const millrace = (words: readonly string[], options: CliOptions = {}) =>
  runCli(words, { ...options, env: { MILLRACE_URL: api.origin, ...options.env } });

/** The JSON that a command prints: a value for each line. */
async function json<T = Record<string, unknown>>(
  words: readonly string[],
  options: CliOptions = {},
): Promise<T[]> {
  const { code, stdout, stderr } = await millrace([...words, '--json'], options);
  expect(code, stderr).toBe(0);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

async function deadJobs(queue: string, count: number): Promise<void> {
  const jobs = Array.from({ length: count }, () => ({ task: 'fail', payload: {}, queue, attempts: 1 }));
  const { body } = await api.http.post('/jobs/batch').send({ jobs });
  const worker = await startWorker(redis.url, { QUEUES: queue });
  const ids = (body as { items: { id: string }[] }).items.map(({ id }) => id);
  for (const id of ids) await api.finished(id);
  await worker.stop();
}

describe('verbs of jobs', () => {
  it('jobs finds by tag and limits', async () => {
    for (let i = 0; i < 3; i += 1) await api.submit({ task: 'echo', delay: '1h', tags: ['found'] });
    expect(await json(['jobs', '--tag', 'found'])).toHaveLength(3);
    expect(await json(['jobs', '--tag', 'found', '-n', '2'])).toHaveLength(2);
    expect(await json(['jobs', '--tag', 'found', '--status', 'completed'])).toEqual([]);
    const { stdout } = await millrace(['jobs', '--tag', 'found']);
    expect(stdout).toMatch(/^\S+\techo\tscheduled\t/);
  });

  it('jobs says that there are more than it lists, and where those are that have ended', async () => {
    const jobs = Array.from({ length: 101 }, () => ({ task: 'echo', queue: 'long', delay: '1h' }));
    await api.http.post('/jobs/batch').send({ jobs });
    const more = 'These are the first 100. There are more: --all lists them.\n';
    expect(await millrace(['jobs', '-q', 'long', '--json'])).toMatchObject({ code: 0, stderr: more });
    expect(await millrace(['jobs', '-q', 'long', '-n', '100'])).toMatchObject({ code: 0, stderr: '' });
    const { stdout, stderr } = await millrace(['jobs', '-q', 'long', '--all']);
    expect([stdout.trim().split('\n').length, stderr]).toEqual([jobs.length, '']);
    expect((await millrace(['jobs', '-q', 'default', '--task', 'none'])).stderr).toContain(
      '--status completed',
    );
  });

  it('dead list names the queues that have failed jobs', async () => {
    await deadJobs('sick', 2);
    const { code, stdout, stderr } = await millrace(['dead', 'list', 'well']);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/^No such failed job in well\. Queues with failed jobs: (.+, )?sick \(2\)/);
  });

  it('cancel cancels each job, goes on after a refusal, and ends with 4', async () => {
    const a = await api.submit({ task: 'echo', delay: '1h' });
    const b = await api.submit({ task: 'echo', delay: '1h' });
    const { code, stdout, stderr } = await millrace(
      ['cancel', a.id, 'default~n1700000000000-0', '-', '--json'],
      {
        input: `${b.id}\n`,
      },
    );
    expect(code).toBe(4);
    const ended = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Job);
    expect(ended.map(({ id, status }) => [id, status])).toEqual([
      [a.id, 'cancelled'],
      [b.id, 'cancelled'],
    ]);
    expect(stderr).toMatch(/^default~n1700000000000-0: /);
  });

  it('retry lets a failed job run again', async () => {
    await deadJobs('again', 1);
    const [job] = await json<Job>(['jobs', '--queue', 'again', '--status', 'failed']);
    const [retried] = await json<Job>(['retry', job?.id ?? '']);
    expect(retried).toMatchObject({ id: job?.id, queue: 'again' });
  });

  it('tail shows events, and goes on after the last one', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'default' });
    await api.finished(id);
    const events = await json<{ id: string; job: string; type: string }>([
      'tail',
      'default',
      '--from-start',
      '-n',
      '2',
    ]);
    expect(events).toHaveLength(2);
    const [next] = await json<{ id: string }>(['tail', 'default', '--after', events[0]?.id ?? '', '-n', '1']);
    expect(next?.id).toBe(events[1]?.id);
    const { stdout } = await millrace(['tail', '--from-start', '--type', 'completed', '-n', '1']);
    expect(stdout).toMatch(/^\S+ {2}completed {2}default~/);
  });

  it('tail ends with 130 at Ctrl-C', async () => {
    await api.http.post('/queues/told/pause');
    const { code } = await millrace(['tail', '--from-start', '--json'], {
      onOutput: interruptOnce(),
    });
    expect(code).toBe(130);
  });

  it('bench prints rates and percentiles', async () => {
    const [result] = await json(['bench', '-n', '20', '-c', '4', '--payload', '{"a":1}']);
    expect(result).toMatchObject({ jobs: 20, failed: 0, endMs: { p50: expect.any(Number) } });
  });
});

describe('verbs of queues', () => {
  it('queues, stats, pause, resume and set', async () => {
    expect(await json(['queues'])).toContainEqual(expect.objectContaining({ name: 'default' }));
    expect((await json(['stats', 'default']))[0]).toMatchObject({ queue: 'default', paused: false });
    expect((await json(['pause', 'side', '--for', '10m']))[0]).toMatchObject({ name: 'side', paused: true });
    expect((await json(['resume', 'side']))[0]).toMatchObject({ paused: false });
    const settings = ['concurrency=5', 'rate=100/1m', 'perKey.maxJobs=2', 'fair=true'];
    expect((await json(['set', 'side', ...settings]))[0]).toMatchObject({
      concurrency: 5,
      rate: { limit: 100, per: 60_000 },
      perKey: { maxJobs: 2 },
      fair: true,
    });
    const [open] = await json(['set', 'side', 'rate=none']);
    expect(open).not.toHaveProperty('rate');
  });

  it('show people what programs get', async () => {
    for (const words of [['queues'], ['stats', 'default'], ['set', 'side', 'fair=false']]) {
      const { code, stdout } = await millrace(words);
      expect(code).toBe(0);
      expect(stdout).not.toMatch(/undefined|\[object/);
    }
  });

  it('stats --watch ends with 130 at Ctrl-C', async () => {
    const { code } = await millrace(['stats', 'default', '--watch'], {
      onOutput: interruptOnce(),
    });
    expect(code).toBe(130);
  });
});

describe('dead', () => {
  it('lists, retries and purges the failed jobs of a queue', async () => {
    await deadJobs('ill', 3);
    expect(await json(['dead', 'list', 'ill'])).toHaveLength(3);
    const dry = (...words: string[]) => json(['dead', ...words, '--dry-run']);
    expect(await dry('purge', 'ill')).toEqual([{ queue: 'ill', count: 3, dryRun: true }]);
    expect(await dry('retry', 'ill', '--error', 'no such text')).toMatchObject([{ count: 0 }]);
    expect(await dry('retry', 'ill', '--task', 'other')).toMatchObject([{ count: 0 }]);
    const counted = await millrace(['dead', 'retry', 'ill', '--dry-run']);
    expect(counted.stdout).toBe('3 failed jobs of ill would run again.\n');
    expect((await millrace(['dead', 'retry', 'ill', '--dry-run', '--cursor', '1'])).code).toBe(2);
    expect(await json(['dead', 'list', 'ill'])).toHaveLength(3);
    expect(await json(['dead', 'retry', 'ill', '--error', 'no such text'])).toEqual([
      { queue: 'ill', count: 0 },
    ]);
    expect(await json(['dead', 'purge', 'ill', '--task', 'fail'])).toEqual([{ queue: 'ill', count: 3 }]);
    await deadJobs('ill', 1);
    expect((await millrace(['dead', 'purge', 'ill', '--dry-run'])).stdout).toBe(
      '1 failed job of ill would be removed.\n',
    );
    await deadJobs('ill', 1);
    const { stdout } = await millrace(['dead', 'retry', 'ill']);
    expect(stdout).toBe('2 failed jobs of ill will run again.\n');
  });
});

describe('doctor', () => {
  it('looks at the API that --url names', async () => {
    const words = ['doctor', '--url', api.origin, '--json'];
    const { stdout } = await runCli(words, { env: { MILLRACE_URL: 'http://127.0.0.1:1' } });
    const { findings } = JSON.parse(stdout);
    expect(findings).toContainEqual(expect.objectContaining({ area: 'API', level: 'ok', id: 'api' }));
  });
});

describe('schedules', () => {
  it('are put, shown, paused, run, previewed and deleted', async () => {
    const put = [
      'schedules',
      'put',
      'nightly',
      '--cron',
      '0 3 * * *',
      '--task',
      'echo',
      '--payload',
      '{"n": 1.0}',
    ];
    expect((await json([...put, '-o', 'overlap=skip']))[0]).toMatchObject({
      id: 'nightly',
      overlap: 'skip',
      job: { task: 'echo' },
    });
    expect(await json(['schedules', 'list'])).toHaveLength(1);
    expect((await json(['schedules', 'get', 'nightly']))[0]).toMatchObject({ cron: '0 3 * * *' });
    expect((await json(['schedules', 'pause', 'nightly']))[0]).toMatchObject({ paused: true });
    expect((await json(['schedules', 'resume', 'nightly']))[0]).toMatchObject({ paused: false });
    expect((await json(['schedules', 'run', 'nightly']))[0]).toMatchObject({ task: 'echo' });
    expect(await json(['schedules', 'preview', 'nightly', '-n', '2'])).toHaveLength(2);
    expect(await json(['schedules', 'preview', '--every', '15m', '-n', '3'])).toHaveLength(3);
    const { stdout } = await millrace(['schedules', 'get', 'nightly']);
    expect(stdout).toMatch(/^times +0 3 \* \* \*/m);
    expect(await json(['schedules', 'delete', 'nightly'])).toEqual([{ id: 'nightly', deleted: true }]);
    const document = JSON.stringify({ every: '1h', job: { task: 'echo' } });
    expect((await json(['schedules', 'put', 'hourly', '-'], { input: document }))[0]).toMatchObject({
      every: 3_600_000,
    });
    expect((await millrace(['schedules', 'get', 'nightly'])).code).toBe(4);
    expect((await millrace(['schedules', 'preview'])).code).toBe(2);
  });
});

describe('keys, workers and the audit', () => {
  const asAdmin = {
    get env() {
      return { MILLRACE_URL: guarded.origin, MILLRACE_KEY: ADMIN };
    },
  };

  it('keys are created, listed, used and deleted', async () => {
    const [made] = await json<{ id: string; key: string }>(
      ['keys', 'create', 'shop', 'read', '--rate', '1000/1m'],
      asAdmin,
    );
    expect((await json(['keys', 'list'], asAdmin)).map(({ id }) => id)).toContain(made?.id);
    const asShop = { env: { ...asAdmin.env, MILLRACE_KEY: made?.key } };
    expect((await millrace(['queues'], asShop)).code).toBe(0);
    const refused = await millrace(['pause', 'default'], asShop);
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('[forbidden]')]);
    expect(await json(['keys', 'delete', made?.id ?? ''], asAdmin)).toEqual([
      { id: made?.id, deleted: true },
    ]);
  });

  it('says what to do without a key', async () => {
    const { code, stderr } = await millrace(['queues'], { env: { MILLRACE_URL: guarded.origin } });
    expect(code).toBe(4);
    expect(stderr).toContain('MILLRACE_KEY, or with --key-file');
  });

  it('audit lists what was managed', async () => {
    await json(['pause', 'audited'], asAdmin);
    await expect
      .poll(() => json(['audit', '-n', '50'], asAdmin))
      .toContainEqual(expect.objectContaining({ target: 'audited', status: 200 }));
  });

  it('workers are listed and drained', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'drained' });
    const [listed] = await json<{ name: string }>(['workers', 'list', '--queue', 'drained']);
    expect((await json(['workers', 'drain', listed?.name ?? '']))[0]).toMatchObject({ name: listed?.name });
    await new Promise((resolve) => worker.process.once('exit', resolve));
  });
});

it('knows no verb of flows and webhooks', () => {
  expect(COMMANDS.map(({ name }) => name).filter((name) => /flow|webhook/.test(name))).toEqual([]);
});

it('heeds a reader that goes away', async () => {
  for (let i = 0; i < 50; i += 1)
    await api.submit({ task: 'echo', delay: '1h', tags: ['many'], payload: 'x'.repeat(10_000) });
  const command = `${process.execPath} ${MAIN} jobs --tag many --payload --json | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const env = { ...process.env, MILLRACE_URL: api.origin };
  const { stdout } = await promisify(execFile)('bash', ['-c', command], { env });
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('0');
});

it('runs the commands of docs/reference/cli.md', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/reference/cli.md'), 'utf8');
  const commands = blocksOf(page).map(({ text }) => text);
  expect(commands.length).toBeGreaterThan(2);
  for (const command of commands) {
    const line = command.replace('npx millrace', `${process.execPath} ${MAIN}`);
    const { stdout } = await promisify(execFile)('bash', ['-c', line], { env: { MILLRACE_URL: api.origin } });
    expect(stdout, command).not.toBe('');
  }
});
