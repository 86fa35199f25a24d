import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useRedis } from '../helpers/redis/server.ts';
import { spawnWorker } from '../helpers/workers/worker-process.ts';

const redis = useRedis();

describe('the start of a worker', () => {
  it('fails with files and reasons when tasks cannot be loaded', async () => {
    const worker = spawnWorker(redis.url, { TASKS_DIR: join(tmpdir(), 'mr-no-such-folder') });
    const code = await new Promise((resolve) => worker.process.once('exit', resolve));
    expect(code).toBe(1);
    expect(worker.stderr).toContain('mr-no-such-folder');
  });

  it('fails with all invalid variables at once', async () => {
    const worker = spawnWorker(redis.url, { QUEUES: 'a:b', CONCURRENCY: 'many' });
    const code = await new Promise((resolve) => worker.process.once('exit', resolve));
    expect(code).toBe(1);
    expect(worker.stderr).toMatch(/QUEUES is "a:b".*\n.*CONCURRENCY is "many"/);
  });
});
