import { expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { runCli } from '../../helpers/cli/run-cli.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
useWorker(redis);

const millrace = (words: readonly string[]) => runCli(words, { env: { MILLRACE_URL: api.origin } });
const messagesIn = (stdout: string): string[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { message: string }).message);

it('get --log prints the lines that are kept', async () => {
  const { id } = await api.submit({ task: 'log-lines', payload: { lines: 3 }, attempts: 1 });
  await api.finished(id);
  const { code, stdout } = await millrace(['get', id, '--log', '--json']);
  expect(code).toBe(0);
  expect(messagesIn(stdout)).toEqual(['line 0', 'line 1', 'line 2']);
  expect((await millrace(['get', id, '--log'])).stdout).toMatch(/^\S+Z {2}attempt 1 {2}warn {3}line 0\n/);
});

it('get --log says that earlier lines are not kept', async () => {
  const { id } = await api.submit({ task: 'log-lines', payload: { lines: 1_200 }, attempts: 1 });
  await api.finished(id);
  const { stdout, stderr } = await millrace(['get', id, '--log', '--json']);
  expect(messagesIn(stdout)).toHaveLength(1_000);
  expect(stderr).toBe('200 lines before the next one are not kept.\n');
});

it('get --log --watch prints each line once up to the end, and ends as the job does', async () => {
  const { id } = await api.submit({ task: 'log-lines', payload: { lines: 3 }, attempts: 1, delay: 2_000 });
  const { code, stdout, stderr } = await millrace(['get', id, '--log', '--watch', '--json']);
  expect(messagesIn(stdout)).toEqual(['line 0', 'line 1', 'line 2']);
  expect(stderr).toContain(`Job ${id} failed`);
  expect(code).toBe(1);
});
