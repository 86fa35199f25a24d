import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shellWord } from '../../src/cli/output/shell-word.ts';
import { useApi } from '../helpers/api/server.ts';
import { MAIN } from '../helpers/cli/run-cli.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { startWorker } from '../helpers/workers/worker-process.ts';

/** `CLI_DEAD_JOBS=100000` is the long form. */
const COUNT = Number(process.env['CLI_DEAD_JOBS'] ?? 2_500);
const BATCH = 5_000;

const redis = useRedis();
const api = useApi(redis);
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-tmux-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const tmux = async (...args: string[]): Promise<string> =>
  (
    await promisify(execFile)('tmux', ['-S', join(dir, 'socket'), ...args], {
      env: { ...process.env, TERM: 'xterm' },
    })
  ).stdout;

const screen = async (): Promise<string> => (await tmux('capture-pane', '-p', '-J', '-t', 'cli')).trimEnd();

const failedIn = async (queue: string): Promise<number> =>
  (await api.http.get(`/queues/${queue}`)).body.counts.failed;

async function makeDeadJobs(queue: string): Promise<void> {
  for (let made = 0; made < COUNT; made += BATCH) {
    const length = Math.min(BATCH, COUNT - made);
    const jobs = Array.from({ length }, () => ({ task: 'fail', payload: {}, queue, attempts: 1 }));
    expect((await api.http.post('/jobs/batch').send({ jobs })).status).toBe(207);
  }
  const worker = await startWorker(redis.url, {
    QUEUES: queue,
    CONCURRENCY: '100',
    DEAD_MAX: '1000000',
    LOG_LEVEL: 'info',
  });
  await expect.poll(() => failedIn(queue), { interval: 100 }).toBe(COUNT);
  await worker.stop();
}

/** In front of the API: it lets the first step of a purge pass, and holds the others until it is opened. */
async function startGate(target: string): Promise<{ origin: string; open(): void; stop(): Promise<void> }> {
  let steps = 0;
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const server = createServer(async (request, response) => {
    if (request.method === 'DELETE') steps += 1;
    if (steps > 1) await opened;
    const answer = await fetch(`${target}${request.url}`, { method: request.method ?? 'GET' });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    open,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('on a terminal', () => {
  beforeAll(async () => {
    await tmux('new-session', '-d', '-s', 'cli', '-x', '120', '-y', '30', 'env PS1="$ " sh');
  });
  afterAll(() => tmux('kill-server'));

  /** Types a command; its end is seen by the exit code after it. */
  const type = async (words: readonly string[]): Promise<void> => {
    const line = `clear; ${shellWord(process.execPath)} ${shellWord(MAIN)} ${words.map(shellWord).join(' ')}; echo "exit=$?"`;
    await tmux('send-keys', '-t', 'cli', '-l', `MILLRACE_URL=${api.origin}; export MILLRACE_URL; ${line}`);
    await tmux('send-keys', '-t', 'cli', 'Enter');
  };

  it('dead purge asks, shows a bar, stops at Ctrl-C, and goes on where it stopped', async () => {
    await makeDeadJobs('bar');
    await type(['dead', 'purge', 'bar']);
    await expect.poll(screen).toContain('Remove failed jobs of queue bar for good? [y/N]');
    await tmux('send-keys', '-t', 'cli', 'n', 'Enter');
    await expect.poll(screen).toContain('exit=1');
    expect(await failedIn('bar')).toBe(COUNT);

    const gate = await startGate(api.origin);
    await type(['dead', 'purge', 'bar', '--yes', '--url', gate.origin]);
    await expect.poll(screen).toMatch(/\[#*\.+\] \d+% {2}[\d,]+ of [\d,]+ jobs/);
    await tmux('send-keys', '-t', 'cli', 'C-c');
    // The terminal shows it when the signal is sent. The step in hand ends before the command does.
    await expect.poll(screen).toContain('^C');
    gate.open();
    await expect.poll(screen).toContain('exit=130');
    await gate.stop();
    const shown = await screen();
    const left = await failedIn('bar');
    const [, stopped, goOn] = /Stopped after (\d+) jobs\. Go on with: millrace (.*)/.exec(shown) ?? [];
    expect(Number(stopped)).toBe(COUNT - left);
    expect(left).toBeGreaterThan(0);
    // The bar is gone.
    expect(shown).not.toMatch(/\[#*\.*\] \d+%/);

    await type([...(goOn ?? '').split(' '), '--yes']);
    await expect.poll(screen).toContain('exit=0');
    expect(await screen()).toContain(`${left} failed jobs of bar are removed.`);
    expect(await failedIn('bar')).toBe(0);
  });

  it('get --watch redraws, and hostile texts stay inert', async () => {
    const payload = '\u001b[2J\u001b[31mred\u0007\u202e';
    const { id } = await api.submit({ task: 'echo', queue: 'nobody', payload, delay: '1h' });
    await type(['get', id, '--watch']);
    await expect.poll(screen).toMatch(/^status +scheduled/m);
    expect(await screen()).toContain('\\u001b[2J\\u001b[31mred\\u0007\\u202e');
    await api.http.post(`/jobs/${id}/cancel`);
    await expect.poll(screen).toContain('exit=1');
    const shown = await screen();
    expect(shown.match(/^status/gm)).toHaveLength(1);
    expect(shown).toMatch(/^status +cancelled/m);
  });

  it('NO_COLOR is heeded, and colours are there without it', async () => {
    await type(['queues']);
    await expect.poll(screen).toContain('exit=0');
    expect(await tmux('capture-pane', '-p', '-e', '-t', 'cli')).toMatch(/\[1m *QUEUE/);
    await tmux('send-keys', '-t', 'cli', '-l', 'NO_COLOR=1; export NO_COLOR; ');
    await type(['queues']);
    await expect.poll(screen).toContain('exit=0');
    expect(await tmux('capture-pane', '-p', '-e', '-t', 'cli')).not.toMatch(/\[1m *QUEUE/);
  });
});
