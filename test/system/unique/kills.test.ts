import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { submitter } from '../../helpers/unique/submit.ts';
import { startWorker, type TestWorker } from '../../helpers/workers/worker-process.ts';

/** `UNIQUE_KILLS=20` makes it long. */
const KILLS = Number(process.env['UNIQUE_KILLS'] ?? 4);
const SUBMITS_PER_KILL = 40;
const QUEUE = 'kills';

const redis = useRedis();
const api = useApi(redis);
const folder = mkdtempSync(join(tmpdir(), 'unique-'));
const file = join(folder, 'journal');
afterAll(() => rmSync(folder, { recursive: true }));

const start = () =>
  startWorker(redis.url, { QUEUES: QUEUE, PROCESSES: '2', LEASE_MS: '1000', CONCURRENCY: '4' });

const submit = submitter(api, {
  task: 'span',
  queue: QUEUE,
  attempts: 'unlimited',
  backoff: { type: 'fixed', delay: 10 },
});

const RULES = {
  existing: (key: string) => ({ unique: { key } }),
  replace: (key: string) => ({ unique: { key, onConflict: 'replace' } }),
  debounce: (key: string) => ({ debounce: { wait: 30, maxWait: 200, key } }),
};

/** What the handlers have written: no other job of a key begins before the one that began has ended. */
function overlaps(journal: string): string[] {
  const open = new Map<string, string>();
  return journal
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [sign, key = '', id = ''] = line.split(' ');
      const before = open.get(key);
      if (sign === '-') {
        if (before === id) open.delete(key);
        return [];
      }
      open.set(key, id);
      return before === undefined || before === id ? [] : [`${id} began while ${before} ran`];
    });
}

describe('unique jobs whose workers are killed', () => {
  it(
    'are never two at once, and none is lost or held for ever',
    async () => {
      writeFileSync(file, '');
      const workers: TestWorker[] = [await start(), await start()];
      const accepted = new Set<string>();
      let answers = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        for (let i = 0; i < SUBMITS_PER_KILL; i += 1) {
          const names = Object.keys(RULES) as (keyof typeof RULES)[];
          const rule = names[i % names.length] ?? 'existing';
          const key = `${rule}-${i % 2}`;
          const { status, body } = await submit({ key, payload: { file, ms: 40 }, ...RULES[rule](key) });
          if (status === 202 || status === 200) accepted.add(body.id);
          answers += 1;
        }
        workers[kill % 2]?.process.kill('SIGKILL');
        workers[kill % 2] = await start();
      }
      expect(answers).toBe(KILLS * SUBMITS_PER_KILL);
      const ended = await until(async () => {
        const jobs = await Promise.all([...accepted].map((id) => api.get(id)));
        return jobs.every(({ finishedAt }) => finishedAt !== undefined) && jobs;
      }, 'the end of all jobs');
      expect(ended.map(({ status }) => status)).toEqual(ended.map(() => 'completed'));
      expect(overlaps(readFileSync(file, 'utf8'))).toEqual([]);
      expect(ended.length).toBeGreaterThan(KILLS);
    },
    120_000 + KILLS * 30_000,
  );

  it('are seen to overlap when they do', () => {
    expect(overlaps('+ k a\n+ k a\n- k a\n+ k b\n- k b\n')).toEqual([]);
    expect(overlaps('+ k a\n+ k b\n- k a\n')).toEqual(['b began while a ran']);
  });
});
