import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { runCli } from '../helpers/cli/run-cli.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { useWorker } from '../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
useWorker(redis);
const dir = await mkdtemp(join(tmpdir(), 'mr-bad-input-'));
const fileOf = (name: string) => join(dir, name);
beforeAll(async () => {
  await writeFile(fileOf('empty'), '\n');
  await writeFile(fileOf('latin-1'), Buffer.from([0x22, 0xff, 0x22]));
});
afterAll(() => rm(dir, { recursive: true }));

const millrace = (...words: string[]) => runCli(words, { env: { MILLRACE_URL: api.origin } });

it.each([
  [['queues', '--key-file', fileOf('empty')], 'which is empty'],
  [['keys', 'create', 'x', 'read', '--rate', '10'], 'such as 100/1m'],
  [['doctor', '--ignore', 'bogus'], 'The ids are acl, acl-optional, api,'],
  [['doctor', '--url', 'bogus'], 'must be an http or https URL'],
  [['submit', 'echo', '--ndjson', dir], 'is a folder'],
  [['submit', 'echo', '--ndjson', fileOf('none')], 'cannot be read'],
  [['submit', 'echo', '--ndjson', fileOf('latin-1')], 'Line 1 is not UTF-8'],
  [['submit', 'echo', `@${fileOf('latin-1')}`], 'not UTF-8'],
])('%j is wrong use, said in a line', async (words, message) => {
  const { code, stdout, stderr } = await millrace(...words);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr.split('\n').filter((line) => line.startsWith('millrace: '))).toEqual([
    expect.stringContaining(message),
  ]);
});

it('names the options that give what the API refuses', async () => {
  const { code, stderr } = await millrace('schedules', 'put', 'x', '--every', 'soon');
  expect(code).toBe(4);
  expect(stderr).toMatch(/^millrace: Mend this and try again: \[invalid-request]\n/);
  expect(stderr).toContain('\n  Give --task TASK.\n');
  expect(stderr).toMatch(/\n {2}--every: /);
});

it('tells each fault of a refused line on a line of its own', async () => {
  const file = fileOf('faults');
  await writeFile(file, '{"name":1,"other":2}\n');
  const { code, stderr } = await millrace('submit', '--ndjson', file);
  expect(code).toBe(4);
  expect(stderr).toMatch(/^line 1: .*\[invalid-request\]\n( {2}\/\w*: .*\n)+/);
});

it('a wait that ends before the job tells how the job is, with --json in a document', async () => {
  const words = ['submit', 'sleep', '{"ms":20000}', '--wait-for', '4s'];
  const { code, stdout, stderr } = await millrace(...words, '--json');
  const job = JSON.parse(stdout);
  expect([code, job.status]).toEqual([1, 'running']);
  expect(stderr).toContain(`Job ${job.id} is still running.`);
});
