import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { untilWorkerReady } from '../../../src/local/ready.ts';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import { submitTo } from '../api/submit-to.ts';
import {
  type ApiProcess,
  type BuiltProcess,
  startApiProcess,
  startWorkerProcess,
} from './built-processes.ts';
import { TEST_TASKS } from './worker-process.ts';

interface BuiltStack {
  readonly origin: string;
  /** Its jobs over HTTP. */
  readonly jobs: ReturnType<typeof submitTo>;
  /** A file in a folder of this stack. */
  file(name: string): string;
  /** Starts a further worker, and waits until it is ready. */
  startWorker(env?: NodeJS.ProcessEnv): Promise<BuiltProcess>;
}

/**
 * The built API and a built worker with the tasks of the tests, for the tests of one file. All its workers are stopped after them.
 *
 * @param env of API and workers. @param workerEnv of the first worker alone.
 */
export function useBuiltStack(
  redis: { readonly url: string },
  queues: readonly string[],
  env: NodeJS.ProcessEnv = {},
  workerEnv: NodeJS.ProcessEnv = {},
): BuiltStack {
  const reaper = createOrphanReaper();
  const workers: BuiltProcess[] = [];
  let dir: string;
  let api: ApiProcess;

  const startWorker = async (own: NodeJS.ProcessEnv = {}) => {
    const settings = {
      REDIS_URL: redis.url,
      TASKS_DIR: TEST_TASKS,
      PROCESSES: '1',
      QUEUES: queues.join(','),
    };
    const started = await startWorkerProcess({ ...settings, ...env, ...own }, reaper, (limit) =>
      untilWorkerReady(api.origin, queues, limit),
    );
    workers.push(started);
    return started;
  };
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mr-built-'));
    api = await startApiProcess(redis.url, reaper, env);
    await startWorker(workerEnv);
  });
  afterAll(async () => {
    await Promise.all([api, ...workers].map((part) => part.stop()));
    reaper.end();
    await rm(dir, { recursive: true, force: true });
  });
  return {
    get origin() {
      return api.origin;
    },
    jobs: submitTo(() => api.origin),
    file: (name) => join(dir, name),
    startWorker,
  };
}
