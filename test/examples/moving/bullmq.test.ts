import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../../../src/local/redis-server.ts';
import { freePort } from '../../../src/local/redis-settings.ts';
import type { Job } from '../../../src/schemas/job.ts';
import type { Schedule } from '../../../src/schemas/schedule.ts';
import { useApi } from '../../helpers/api/server.ts';
import { blocksOf } from '../../helpers/local/doc-commands.ts';
import { pathInProject, readInProject } from '../../helpers/local/pages.ts';
import { type Ended, type Started, useFolder } from '../../helpers/moving/program.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

/** A program that has BullMQ, and now Millrace. */
const folder = useFolder(['examples/moving/from-bullmq.mjs', 'test/helpers/moving/fill-bullmq.mjs']);
let old: RedisServer;

beforeAll(async () => {
  const modules = join(folder.dir, 'node_modules');
  mkdirSync(modules);
  symlinkSync(pathInProject('bench/node_modules/bullmq'), join(modules, 'bullmq'));
  symlinkSync(pathInProject('.'), join(modules, 'millrace'));
  old = await startRedis({ dir: join(folder.dir, 'redis'), port: await freePort(), persistent: false });
});
afterAll(() => old.stop());

const start = (...args: string[]): Started =>
  folder.start({ BULLMQ_REDIS_URL: old.url, MILLRACE_URL: api.origin }, process.execPath, ...args);

const run = (...args: string[]): Promise<Ended> => start(...args).end;

async function fill(queue: string, count: number): Promise<void> {
  expect(await run('fill-bullmq.mjs', queue, String(count))).toEqual({ code: 0, output: '' });
  await api.http.put(`/queues/${queue}/tasks/mail`).send({}).expect(200);
}

async function jobsOf(queue: string): Promise<Job[]> {
  const jobs: Job[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await api.http.get(`/queues/${queue}/jobs`).query({ limit: 1_000, cursor });
    jobs.push(...body.items);
    cursor = body.nextCursor;
  } while (cursor !== undefined);
  return jobs;
}

const receiver = ({ payload }: Job) => (payload as { to: string }).to;

it('moves what waits, and leaves what cannot be moved where it is', async () => {
  await fill('mails', 150);
  const { code, output } = await run('from-bullmq.mjs', 'mails');
  expect(output).toMatch(/^schedulers: 2 moved\ndelayed: 2 moved, 0 left\n/);
  expect(output).toMatch(/Job \d+ stays: \/task: /);
  expect(output).toMatch(/Job \S+ stays: it belongs to a flow\n/);
  expect(output).toMatch(/waiting: 151 moved, 2 left\nprioritized: 2 moved, 0 left\n$/);
  expect(code).toBe(1);

  const jobs = await jobsOf('mails');
  expect(jobs).toHaveLength(155);
  const found = new Map(jobs.map((job) => [receiver(job), job]));
  expect(found.get('failed')).toMatchObject({ maxAttempts: 3, metadata: { bullmqId: '1' } });
  expect(found.get('later')).toMatchObject({ maxAttempts: 1, metadata: { bullmqId: 'order-17/ä' } });
  const wait = Date.parse(found.get('later')?.runAt ?? '') - Date.now();
  expect(wait).toBeGreaterThan(3_000_000);
  expect(wait).toBeLessThanOrEqual(3_600_000);
  expect(found.get('second')).toMatchObject({ priority: 'low', maxAttempts: 3 });
  const { jobs: taken } = (await api.http.post('/leases').send({ queues: ['mails'], max: 1_000 })).body;
  const order = taken.map(receiver).filter((to: string) => to !== 'failed');
  const waiting = Array.from({ length: 150 }, (_, number) => String(number));
  expect(order).toEqual([...waiting, 'due', 'first', 'second']);
});

it('moves job schedulers with their times, and what is left of their runs', async () => {
  const nightly = (await api.http.get('/schedules/nightly')).body as Schedule;
  expect(nightly).toMatchObject({ cron: '0 30 2 * * *', timeZone: 'Europe/Berlin', job: { payload: 1 } });
  const often = (await api.http.get('/schedules/often')).body as Schedule;
  expect(often).toMatchObject({ every: 600_000, job: { queue: 'mails', task: 'mail', attempts: 2 } });
  expect(often.maxRuns).toBeLessThanOrEqual(7);
  expect((await run('from-bullmq.mjs', 'mails')).output).toMatch(/^schedulers: 0 moved\n/);
});

/** Beside a thousand mails, one job belongs to a scheduler, one to a flow, and one has no task of Millrace. */
const WAITING = 1_003;

it('goes on after a kill, and stores no job twice', async () => {
  await fill('killed', 1_000);
  const mover = start('from-bullmq.mjs', 'killed');
  const stored = async () => (await api.http.get('/queues/killed')).body.counts.queued;
  await until(async () => (await stored()) > 100, 'the first hundred jobs');
  // A job is stored in Millrace then, and cannot be removed from BullMQ.
  const broker = new Redis(old.url);
  await broker.call('CLIENT', 'PAUSE', '3600000', 'WRITE');
  const isBetween = async () => (await broker.llen('bull:killed:wait')) + (await stored()) === WAITING + 1;
  await until(isBetween, 'a job that is in both');
  mover.child.kill('SIGKILL');
  await mover.end;
  await broker.call('CLIENT', 'UNPAUSE');
  broker.disconnect();

  const { output } = await run('from-bullmq.mjs', 'killed');
  expect(output).toMatch(/waiting: \d+ moved, 2 left\nprioritized: 2 moved, 0 left\n$/);
  const receivers = (await jobsOf('killed')).map(receiver);
  expect(receivers).toHaveLength(1_005);
  expect(new Set(receivers).size).toBe(1_005);
});

it('says how it is used', async () => {
  const { code, output } = await run('from-bullmq.mjs');
  expect(code).toBe(1);
  expect(output).toContain('Usage: node from-bullmq.mjs QUEUE');
});

it('the old program of the guide gives what its port gives', async () => {
  const blocks = blocksOf(readInProject('docs/how-to/move-from-bullmq.md'));
  const program = blocks.find(({ text }) => text.includes("from 'bullmq'"))?.text ?? '';
  const here = program.replace("host: '127.0.0.1', port: 6379", `url: '${old.url}'`);
  writeFileSync(join(folder.dir, 'old.mjs'), here);
  const { child, output, end } = start('old.mjs');
  await until(() => child.exitCode !== null || output().includes('width: 640 }'), 'its result');
  // Its worker would go on.
  child.kill('SIGKILL');
  await end;
  expect(output()).toContain("{ url: 'https://example.com/a.png', width: 640 }\n");
});
