import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/schemas/job.ts';
import { useApi } from '../helpers/api/server.ts';
import { type CliOptions, interruptOnce, runCli } from '../helpers/cli/run-cli.ts';
import { takeJobs } from '../helpers/dashboard/leases.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { useWorker } from '../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
useWorker(redis);

const millrace = (words: readonly string[], options: CliOptions = {}) =>
  runCli(words, { ...options, env: { MILLRACE_URL: api.origin, ...options.env } });

describe('submit', () => {
  it('prints the id of the job', async () => {
    const { code, stdout, stderr } = await millrace([
      'submit',
      'echo',
      '{"a":1}',
      '--queue',
      'later',
      '--delay',
      '1h',
      '--tag',
      'x',
      '-t',
      'y',
      '-o',
      'metadata.by=me',
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(await api.get(stdout.trim())).toMatchObject({
      status: 'scheduled',
      queue: 'later',
      payload: { a: 1 },
      tags: ['x', 'y'],
      metadata: { by: 'me' },
    });
  });

  it('waits for the result and prints it', async () => {
    expect(await millrace(['submit', 'echo', '{"text":"hi"}', '--wait'])).toEqual({
      code: 0,
      stdout: '{"text":"hi"}\n',
      stderr: '',
    });
  });

  it('says that no worker serves the queue, and waits for one', async () => {
    let working: Promise<void> | undefined;
    const { code, stdout, stderr } = await millrace(['submit', 'print', '-q', 'lonely', '--wait'], {
      onMessage: () => {
        working ??= takeJobs(api.origin, 'lonely').then((lease) => lease.report('complete', { result: 1 }));
      },
    });
    await working;
    const hint =
      'No worker serves the queue lonely. The job waits for one; --wait-for TIME limits the wait.\n';
    expect([code, stdout, stderr]).toEqual([0, '1\n', hint]);
  });

  it('with --json prints the job', async () => {
    const { code, stdout } = await millrace(['submit', 'echo', '[1]', '--wait', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'completed', result: [1] });
  });

  it('ends with 1 when the job fails, and says why', async () => {
    const { code, stdout, stderr } = await millrace(['submit', 'fail', '{}', '--wait', '--attempts', '1']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^Job \S+ failed after 1 attempt: \w+: /);
  });

  it('ends with 1 when the job has not ended in time, and says how to go on', async () => {
    const { code, stderr } = await millrace(['submit', 'echo', '--delay', '1h', '--wait-for', '20ms']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/is still scheduled. Go on with: millrace get \S+ --watch\n$/);
  });

  it('reads the payload from a file and from standard input, and keeps the digits of numbers', async () => {
    const file = join(redis.server.dir, 'payload.json');
    await writeFile(file, '{"n": 12345678901234567890}\n');
    for (const [word, input] of [
      [`@${file}`, ''],
      ['-', '{"n": 12345678901234567890}'],
    ] as const) {
      const { stdout } = await millrace(['submit', 'echo', word, '--delay', '1h', '--json'], { input });
      expect(stdout).toContain('"payload":{"n": 12345678901234567890}');
    }
  });

  it('ends with 4 when the API refuses, with the code of the problem', async () => {
    const { code, stdout, stderr } = await millrace(['submit', 'echo', '--queue', 'no good']);
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toContain('[invalid-request]');
    expect(stderr).toContain('--queue: ');
  });

  it('is interrupted by Ctrl-C with 130', async () => {
    const job = await api.submit({ task: 'echo', delay: '1h' });
    const { code, stdout } = await millrace(['get', job.id, '--watch'], {
      onOutput: interruptOnce(),
    });
    expect(code).toBe(130);
    expect(stdout).toContain(job.id);
  });
});

describe('get', () => {
  it('shows a job to people and to programs', async () => {
    const { id } = await api.submit({ task: 'echo', payload: { a: 1 }, delay: '1h' });
    const shown = await millrace(['get', id]);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/^status {2,}scheduled$/m);
    const { stdout } = await millrace(['get', id, '--json']);
    expect(JSON.parse(stdout)).toEqual(await api.get(id));
  });

  it('says when no worker serves the queue of a job that waits for one', async () => {
    const { id } = await api.submit({ task: 'print', queue: 'alone' });
    const hint = /^hint +No worker serves the queue alone\.$/m;
    expect((await millrace(['get', id])).stdout).toMatch(hint);
    expect(JSON.parse((await millrace(['get', id, '--json'])).stdout)).toEqual(await api.get(id));
    const { stdout, code } = await millrace(['get', id, '--watch'], {
      onOutput: (text, kill) => hint.test(text) && kill('SIGINT'),
    });
    expect([code, stdout]).toEqual([130, expect.stringMatching(hint)]);
    await takeJobs(api.origin, 'alone');
    const { id: second } = await api.submit({ task: 'print', queue: 'alone' });
    expect((await millrace(['get', second])).stdout).not.toContain('No worker');
  });

  it('shows texts of jobs inert', async () => {
    const hostile = '\u001b[2J\u0007\u009b31m\u202enext\nline';
    const { id } = await api.submit({ task: 'echo', payload: hostile, tags: ['t\u202e'], delay: '1h' });
    for (const words of [
      ['get', id],
      ['get', id, '--json'],
      ['jobs', '--tag', 't\u202e', '--payload', '--json'],
    ]) {
      const { stdout, stderr } = await millrace(words);
      expect(stdout, stderr).toContain('next');
      expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    }
    const { stdout } = await millrace(['get', id, '--json']);
    expect((JSON.parse(stdout) as Job).payload).toBe(hostile);
  });

  it('follows a job until it ends', async () => {
    const { id } = await api.submit({ task: 'echo', delay: '1h' });
    const { code, stdout } = await millrace(['get', id, '--watch', '--json'], {
      onOutput: async (text) => {
        if (text.split('\n').length === 2) await api.http.patch(`/jobs/${id}`).send({ delay: 0 });
      },
    });
    expect(code).toBe(0);
    const seen = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as Job).status);
    expect([seen[0], seen.at(-1)]).toEqual(['scheduled', 'completed']);
  });

  it('ends with 4 for an unknown job', async () => {
    const { code, stderr } = await millrace(['get', 'default~n1700000000000-0']);
    expect(code).toBe(4);
    expect(stderr).toMatch(/\[job-(not-found|gone)\]/);
  });
});
