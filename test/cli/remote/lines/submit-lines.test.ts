import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useApi } from '../../../helpers/api/server.ts';
import { type CliOptions, runCli } from '../../../helpers/cli/run-cli.ts';
import { useRedis } from '../../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-lines-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const millrace = (words: readonly string[], options: CliOptions = {}) =>
  runCli(words, { ...options, env: { MILLRACE_URL: api.origin } });

async function fileOf(name: string, count: number): Promise<string> {
  const file = join(dir, name);
  await writeFile(file, Array.from({ length: count }, (_, n) => `{"n":${n}}\n`).join(''));
  return file;
}

const queuedIn = async (queue: string): Promise<number> =>
  (await api.http.get(`/queues/${queue}`)).body.counts.queued;

describe('submit of a file', () => {
  it('stores a job for each line, with its line in JSON', async () => {
    const file = await fileOf('payloads.ndjson', 1_500);
    const { code, stdout, stderr } = await millrace([
      'submit',
      'work',
      `@${file}`,
      '--queue',
      'lines',
      '--json',
    ]);
    expect(code, stderr).toBe(0);
    const outcomes = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { line: number; status: number; id: string });
    expect(outcomes.map(({ line }) => line)).toEqual(Array.from({ length: 1_500 }, (_, i) => i + 1));
    expect(await api.get(outcomes[7]?.id ?? '')).toMatchObject({ task: 'work', payload: { n: 7 } });
    expect(await queuedIn('lines')).toBe(1_500);
    expect(stderr).toContain('1500 jobs stored, 0 refused.');
  });

  it('takes whole jobs, from standard input too, and says which lines are refused', async () => {
    const input =
      '{"task":"a","queue":"whole"}\n\n{"task":"b","queue":"whole","delai":1}\nno json\n{"task":"c","queue":"whole"}\n';
    const { code, stderr } = await millrace(['submit', '--ndjson', '-'], { input });
    expect(code).toBe(4);
    expect(stderr).toMatch(/^line 3: .*\[invalid-request]/m);
    expect(stderr).toMatch(/^line 4: .*\[broken-json]/m);
    expect(stderr).toContain('2 jobs stored, 2 refused.');
  });

  it('stores nothing twice when it goes on with the same run', async () => {
    const file = await fileOf('again.ndjson', 2_500);
    const words = ['submit', 'work', '--ndjson', file, '--queue', 'once', '--run', 'a-run'];
    expect((await millrace(words)).code).toBe(0);
    expect((await millrace([...words, '--from-line', '1001'])).code).toBe(0);
    expect(await queuedIn('once')).toBe(2_500);
  });

  it.each([
    [['submit', '--ndjson', 'x', '--wait'], 'are for a single job'],
    [['submit', '--ndjson', 'x', '--queue', 'q'], 'Without TASK each line is a whole job'],
    [['submit', '--ndjson', '/no/such/file'], 'The file cannot be read'],
    [['submit'], 'TASK is missing'],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await millrace(words);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
