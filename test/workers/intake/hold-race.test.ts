import { afterEach, describe, expect, it } from 'vitest';
import { taskReason } from '../../../src/lifecycle/hold-class.ts';
import { hold } from '../../../src/lifecycle/scripts/holds/hold.ts';
import { Loop } from '../../../src/maintenance/loop.ts';
import { NO_OBSERVER } from '../../../src/observer.ts';
import { openReader } from '../../../src/redis/reads/open-reader.ts';
import { CancelListener } from '../../../workers/supervisor/cancel-listener.ts';
import { TaskAnnouncer } from '../../../workers/supervisor/task-announcer.ts';
import { useApi } from '../../helpers/api/server.ts';
import { take } from '../../helpers/leases/http-worker.ts';
import { PATIENCE_MS } from '../../helpers/patience.ts';
import { createTestCore } from '../../helpers/redis/core.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { createTestIntake } from '../../helpers/workers/intake.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';
import { namedQueues } from '../../helpers/workers/named-queues.ts';
import { folder, loadTasks } from '../../tasks/task-folder.ts';

const ROUNDS = 50;
/** Turns of the event loop between the two sides of the race: some rounds begin with one of them, some with the other. */
const TURNS = 10;
const MOST_LATE_MS = 1_000;

const redis = useRedis();
const api = useApi(redis, { UNKNOWN_TASKS: 'accept' });
const workerOf = useManualWorkers(redis);

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise(setImmediate);
}

/** A worker that cannot run the job has taken it; the function puts the job back, held. */
async function takenByOther(queue: string): Promise<() => Promise<void>> {
  await api.submit({ task: 'late', queue });
  const other = await workerOf(queue);
  const delivery = await other.take();
  const { keys, token, readyAt } = delivery;
  const reason = taskReason('late');
  const held = { ref: delivery, token, readyAt, reason, refusers: [], expiresAt: undefined };
  return async () => {
    const outcome = await hold(redis.client, keys, other.name, [{ ...held, priority: 'normal' }]);
    expect(outcome).toEqual(['done']);
  };
}

/** Starts what a worker with the task starts, at once: its announcements, its listener, and its takes. */
async function readyWorker(queue: string): Promise<{ start: () => void; started: readonly object[] }> {
  const core = createTestCore(redis.client);
  const tasks = await loadTasks(await folder({ 'late.mjs': 'export default () => 1;' }));
  const intake = await createTestIntake(redis, [queue], 1, { tasks: ['late'], schemasOf: () => [] });
  const reader = openReader({ url: redis.url, name: 'test-control', scripts: [] }, redis.client);
  await reader.whenReady(PATIENCE_MS);
  const listener = new CancelListener(core, reader, intake.queues, {
    onCancel: () => undefined,
    onHeld: (name, holdClass) => intake.takeLoop.heardOfHold(name, holdClass),
  });
  const loops = [
    new Loop('announce', new TaskAnnouncer(core, namedQueues(intake.queues), tasks).run, NO_OBSERVER),
    new Loop('control', listener.run, NO_OBSERVER),
    new Loop('take', intake.takeLoop.run, NO_OBSERVER),
  ];
  closers.push(async () => {
    const stopped = Promise.all(loops.map((loop) => loop.stop()));
    await Promise.all([intake.close(), listener.interrupt().catch(() => undefined)]);
    await stopped;
    reader.disconnect();
  });
  const start = () => {
    for (const loop of loops) loop.start();
  };
  return { start, started: intake.started };
}

describe('a job that is held in the moment in which a worker that can run it comes', () => {
  it('is started within a second by a TypeScript worker', async () => {
    const late: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const queue = `typescript-${round}`;
      const holdNow = await takenByOther(queue);
      const { start, started } = await readyWorker(queue);
      const held = turns(round % TURNS).then(holdNow);
      await turns(Math.floor(round / TURNS));
      start();
      await held;
      const from = performance.now();
      await until(() => started.length === 1, 'the start');
      late.push(performance.now() - from);
      for (const close of closers.splice(0)) await close();
    }
    expect(late.filter((ms) => ms > MOST_LATE_MS)).toEqual([]);
  });

  it('is handed to a worker over HTTP within a second', async () => {
    const late: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const queue = `http-${round}`;
      const holdNow = await takenByOther(queue);
      const held = turns(round % TURNS).then(holdNow);
      await turns(Math.floor(round / TURNS));
      const taking = take(api, { queues: [queue], tasks: ['late'], waitMs: 20_000 });
      await held;
      const from = performance.now();
      expect((await taking).jobs).toHaveLength(1);
      late.push(performance.now() - from);
    }
    expect(late.filter((ms) => ms > MOST_LATE_MS)).toEqual([]);
  });
});
