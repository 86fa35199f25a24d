import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Millrace } from '../../src/client/index.ts';
import { useApi } from '../helpers/api/server.ts';
import { type Gate, startGate } from '../helpers/cli/gate.ts';
import { useTerminal } from '../helpers/cli/terminal.ts';
import { TEST_LIMIT_MS } from '../helpers/patience.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { startWorker } from '../helpers/workers/worker-process.ts';

const { CLI_DEAD_JOBS, CLI_LINES } = process.env;
/** `CLI_DEAD_JOBS=100000` and `CLI_LINES=1000000` are the long forms. */
const DEAD_JOBS = Number(CLI_DEAD_JOBS ?? 2_500);
const LINES = Number(CLI_LINES ?? 2_500);
const BATCH = 5_000;
const LIMIT = { timeout: (CLI_DEAD_JOBS ?? CLI_LINES) ? 3_600_000 : TEST_LIMIT_MS };

const redis = useRedis();
const api = useApi(redis);
const terminal = useTerminal(api);
const screen = () => terminal.screen();

const countsOf = async (queue: string): Promise<Record<string, number>> =>
  (await api.http.get(`/queues/${queue}`)).body.counts;

async function makeDeadJobs(queue: string, count: number): Promise<void> {
  for (let made = 0; made < count; made += BATCH) {
    const length = Math.min(BATCH, count - made);
    const jobs = Array.from({ length }, () => ({ task: 'fail', payload: {}, queue, attempts: 1 }));
    expect((await api.http.post('/jobs/batch').send({ jobs })).status).toBe(207);
  }
  const worker = await startWorker(redis.url, {
    QUEUES: queue,
    CONCURRENCY: '100',
    DEAD_MAX: '1000000',
    LOG_LEVEL: 'info',
  });
  await expect.poll(async () => (await countsOf(queue))['failed'], { ...LIMIT, interval: 100 }).toBe(count);
  await worker.stop();
}

/** A file with a line `{"n":0}` and so on for each job. */
async function writeLines(): Promise<string> {
  const path = join(terminal.dir, 'jobs.ndjson');
  const file = await open(path, 'w');
  for (let n = 0; n < LINES; n += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, LINES - n) }, (_, i) => n + i);
    await file.write(numbers.map((each) => `{"n":${each}}\n`).join(''));
  }
  await file.close();
  return path;
}

/** Runs a command that has several steps, and stops it with Ctrl-C in its second one. Gives the line that says where to go on. */
async function interrupt(words: readonly string[], gate: Gate): Promise<string> {
  await terminal.type([...words, '--url', gate.origin]);
  await expect.poll(screen).toMatch(/\[#*\.+\] \d+% {2}[\d,]+ of [\d,]+ jobs/);
  await terminal.press('C-c');
  // The terminal shows it when the signal is sent. The step in hand ends before the command does.
  await expect.poll(screen).toContain('^C');
  gate.open();
  await expect.poll(screen).toContain('exit=130');
  const shown = await screen();
  // The bar is gone.
  expect(shown).not.toMatch(/\[#*\.*\] \d+%/);
  const line = /Stopped .*/.exec(shown)?.[0] ?? '';
  expect(line).toContain(`--url ${gate.origin}`);
  return line;
}

/** Runs the command that an interrupted one has named, on to its end. */
async function goOn(line: string, ...more: string[]): Promise<void> {
  const words = /Go on with: millrace (.*)/.exec(line)?.[1]?.split(' ') ?? [];
  await terminal.type([...words, ...more]);
  // The exit code of the interrupted command stays on the screen until the shell clears it.
  await expect.poll(screen, LIMIT).toContain('exit=0');
}

describe('on a terminal', () => {
  it.each([
    { verb: 'purge', done: 'removed', answer: ['--yes'], queued: 0 },
    { verb: 'retry', done: 'will run again', answer: [], queued: DEAD_JOBS },
  ])('dead $verb shows a bar, stops at Ctrl-C, and goes on where it stopped', LIMIT, async (each) => {
    const { verb, done, answer, queued } = each;
    await makeDeadJobs(verb, DEAD_JOBS);
    const gate = await startGate(api.origin);
    const line = await interrupt(['dead', verb, verb, ...answer], gate);
    const { failed = 0 } = await countsOf(verb);
    expect(failed).toBeGreaterThan(0);
    expect(line).toContain(`Stopped after ${DEAD_JOBS - failed} jobs.`);
    await goOn(line, ...answer);
    expect(await screen()).toContain(`${failed} failed jobs of ${verb} ${done}.`);
    const { failed: left, ...others } = await countsOf(verb);
    expect(left).toBe(0);
    expect(Object.values(others).reduce((sum, count) => sum + count)).toBe(queued);
    await gate.close();
  });

  it('dead purge asks', async () => {
    await makeDeadJobs('asked', 1);
    await terminal.type(['dead', 'purge', 'asked']);
    await expect.poll(screen).toContain('Remove failed jobs of queue asked for good? [y/N]');
    await terminal.press('n', 'Enter');
    await expect.poll(screen).toContain('exit=1');
    expect((await countsOf('asked'))['failed']).toBe(1);
  });

  it(
    'submit of a file shows a bar, stops at Ctrl-C, and goes on: nothing twice, nothing missing',
    LIMIT,
    async () => {
      const gate = await startGate(api.origin);
      const words = ['submit', 'work', '--ndjson', await writeLines(), '--queue', 'lines'];
      const line = await interrupt(words, gate);
      const { queued = 0 } = await countsOf('lines');
      expect(queued).toBeLessThan(LINES);
      expect(line).toContain(`Stopped before line ${queued + 1}.`);
      await goOn(line);
      expect(await screen()).toContain(`${LINES - queued} jobs stored, 0 refused.`);
      const stored: unknown[] = [];
      const jobs = new Millrace({ url: api.origin }).queue('lines').jobs({ payload: true, limit: 1_000 });
      for await (const { payload } of jobs) stored.push((payload as { n: number }).n);
      expect(stored).toHaveLength(LINES);
      expect(new Set(stored).size).toBe(LINES);
      await gate.close();
    },
  );
});
