import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { spawnWorker, startWorker } from '../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);

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

describe('a worker', () => {
  it('goes on after an error that a task file leaves behind outside any attempt', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'mr-behind-'));
    const throwing = `process.on('SIGUSR2', () => { throw new Error('left behind'); });`;
    await writeFile(join(dir, 'behind.mjs'), `${throwing} export default () => 'fine';`);
    const worker = await startWorker(redis.url, { QUEUES: 'behind', TASKS_DIR: dir });
    worker.process.kill('SIGUSR2');
    const line = await worker.line('uncaught-error');
    expect(line).toMatchObject({ from: 'task file', err: { message: 'left behind' } });
    const { id } = await api.submit({ task: 'behind', queue: 'behind' });
    expect(await api.finished(id)).toMatchObject({ status: 'completed', result: 'fine' });
    expect(await worker.stop()).toBe(0);
    await rm(dir, { recursive: true });
  });
});
