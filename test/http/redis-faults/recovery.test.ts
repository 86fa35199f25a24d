import { mkdir, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { until, untilConnected, useRedis } from '../../helpers/redis/server.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);

const isAccepted = async () => (await api.http.post('/jobs').send({ task: 'echo' })).status === 202;
const isRefused = async () => {
  const { status, headers } = await api.http.post('/jobs').send({ task: 'echo' });
  return status === 503 && headers['retry-after'] === '1';
};
/** Not ready, for a reason that Redis gives. */
const isNotReady = async (reason: string) => {
  const { status, body } = await api.http.get('/readyz');
  return status === 503 && body.reasons.join().includes(reason);
};
const completes = async () => {
  const { id } = await until(() => api.submit({ task: 'echo' }).catch(() => undefined), 'an accepted job');
  return until(async () => (await api.get(id)).status === 'completed', 'its end');
};

describe('an API and a worker recover after Redis', () => {
  it('could not write to disk (MISCONF)', async () => {
    await startWorker(redis.url);
    await completes();
    // A folder stands where the file is to be written.
    const target = join(redis.server.dir, 'dump.rdb');
    await mkdir(join(target, 'full'), { recursive: true });
    await redis.client.config('SET', 'save', '3600 1');
    await redis.client.bgsave();
    await until(
      async () => /rdb_last_bgsave_status:err/.test(await redis.client.info('persistence')),
      'a failed save',
    );
    expect([await isRefused(), await isNotReady('MISCONF')]).toEqual([true, true]);
    await rm(target, { recursive: true });
    await redis.client.bgsave();
    await until(isAccepted, 'accepted jobs');
    await completes();
  });

  it('was out of memory (OOM)', async () => {
    await startWorker(redis.url);
    await redis.client.config('SET', 'maxmemory', '1');
    expect([await isRefused(), await isNotReady('OOM')]).toEqual([true, true]);
    await redis.client.config('SET', 'maxmemory', '0');
    await completes();
    expect(await redis.client.keys('*probe*')).toEqual([]);
  });

  it('was a replica for a while (READONLY)', async () => {
    await startWorker(redis.url);
    await redis.client.replicaof('127.0.0.1', 1);
    expect(await isRefused()).toBe(true);
    // In between, the client reconnects to find the new primary.
    await until(() => isNotReady('is a replica'), 'the reason');
    await until(() => redis.client.replicaof('NO', 'ONE').catch(() => undefined), 'the end of it');
    await until(isAccepted, 'accepted jobs');
    await completes();
  });

  it('was busy with a script (BUSY)', async () => {
    await startWorker(redis.url);
    await completes();
    await redis.client.config('SET', 'busy-reply-threshold', '20');
    const other = redis.client.duplicate({ socketTimeout: 20_000 });
    other.on('error', () => undefined);
    onTestFinished(() => other.disconnect());
    await untilConnected(other);
    const busy = other.eval('while true do end', 0).catch(() => undefined);
    await until(isRefused, 'refusals');
    expect((await api.http.get('/readyz')).status).toBe(503);
    await until(() => redis.client.script('KILL').catch(() => undefined), 'the end of the script');
    await busy;
    await until(isAccepted, 'accepted jobs');
    await completes();
  });
});

describe('a Redis that accepts connections and never replies', () => {
  it('makes the API not ready, and requests fail instead of hanging', async () => {
    const sockets = new Set<Socket>();
    const hole = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => hole.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      hole.close();
    });
    const address = hole.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { app, origin } = await startApi(`redis://127.0.0.1:${port}`);
    onTestFinished(() => app.close());
    const began = performance.now();
    const answer = await fetch(`${origin}/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"task":"echo"}',
    });
    expect(answer.status).toBe(503);
    expect((await fetch(`${origin}/readyz`)).status).toBe(503);
    expect(performance.now() - began).toBeLessThan(15_000);
  });
});
