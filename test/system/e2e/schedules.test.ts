import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import type { Schedule } from '../../../src/schemas/schedule.ts';
import { PATIENCE_MS, TEST_LIMIT_MS } from '../../helpers/patience.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { type ApiProcess, startApiProcess } from '../../helpers/workers/built-processes.ts';
import { startWorker, type TestWorker } from '../../helpers/workers/worker-process.ts';

/** Every second each of these fires; `SCHEDULES_SECONDS=60` lets it go on for longer. */
const SCHEDULES = 50;
const SECONDS = Number(process.env['SCHEDULES_SECONDS'] ?? 8);

const redis = useRedis();
let apis: ApiProcess[];
let workers: TestWorker[];

beforeAll(async () => {
  const reaper = createOrphanReaper();
  [apis, workers] = await Promise.all([
    Promise.all([1, 2].map(() => startApiProcess(redis.url, reaper))),
    Promise.all([1, 2, 3].map(() => startWorker(redis.url, { LOG_LEVEL: 'info' }))),
  ]);
});
afterAll(() => Promise.all(apis.map((api) => api.stop())));

const id = (i: number) => `every-second-${i}`;

async function ask<T>(path: string, method = 'GET', body?: object): Promise<T> {
  const answer = await fetch(`${apis[1]?.origin}${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  expect(answer.ok, await answer.clone().text()).toBe(true);
  return (await answer.json()) as T;
}

/** Waits, asking once in a while, until the schedule has had so many slots. */
const untilRuns = (runs: number) =>
  until(
    async () => (await ask<Schedule>(`/schedules/${id(0)}`)).runs >= runs,
    `${runs} slots`,
    PATIENCE_MS + runs * 1_000,
  );

interface Ended {
  /** By schedule, in order. */
  slots: Map<string, number[]>;
  /** How long after its slot each job was submitted, ms, in order. */
  late: number[];
}

/** The slots of all jobs that have ended. */
async function ended(): Promise<Ended> {
  const slots = new Map<string, number[]>();
  const late: number[] = [];
  for (const key of await redis.client.keys('mr:{default}:result:*')) {
    const record = JSON.parse((await redis.client.get(key)) ?? '') as {
      s: string;
      o: { m: { schedule: string } };
    };
    expect(record.s).toBe('completed');
    const [name = '', slot = ''] = record.o.m.schedule.split('/');
    slots.set(name, [...(slots.get(name) ?? []), Date.parse(slot)]);
    late.push(Number(/:n(\d+)-\d+$/.exec(key)?.[1]) - Date.parse(slot));
  }
  for (const own of [...slots.values(), late]) own.sort((a, b) => a - b);
  return { slots, late };
}

describe('two APIs and three workers', () => {
  it(
    `fire each slot of ${SCHEDULES} schedules once, for ${SECONDS} s, while two of them are killed`,
    async () => {
      const wish = { cron: '* * * * * *', job: { task: 'echo' } };
      await Promise.all(Array.from({ length: SCHEDULES }, (_, i) => ask(`/schedules/${id(i)}`, 'PUT', wish)));
      await untilRuns(Math.floor(SECONDS / 3));
      apis[0]?.child.signal('SIGKILL');
      await workers[0]?.stop('SIGKILL');
      await untilRuns(SECONDS);
      await Promise.all(
        Array.from({ length: SCHEDULES }, (_, i) => ask(`/schedules/${id(i)}/pause`, 'POST')),
      );
      const { items } = await ask<{ items: Schedule[] }>('/schedules?limit=100');
      const runs = items.reduce((sum, schedule) => sum + schedule.runs, 0);
      // What the killed worker had taken runs elsewhere once its lease has ended.
      await until(
        async () => Number(await redis.client.hget('mr:{default}:totals', 'completed')) >= runs,
        `the end of ${runs} jobs`,
      );
      const { slots, late } = await ended();
      expect(slots.size).toBe(SCHEDULES);
      for (const { id, runs, missed, skipped, lastSlot } of items) {
        const own = slots.get(id) ?? [];
        const first = own[0] ?? 0;
        // Every second from the first to the last, each once.
        expect(own).toEqual(Array.from({ length: runs }, (_, i) => first + i * 1_000));
        expect({ missed, skipped, last: own.at(-1) }).toEqual({
          missed: 0,
          skipped: 0,
          last: Date.parse(lastSlot ?? ''),
        });
      }
      console.log({
        slots: runs,
        lateMs: [0.5, 0.99, 1].map((share) => late.at(Math.ceil(share * runs) - 1)),
      });
    },
    TEST_LIMIT_MS + SECONDS * 2_000,
  );
});
