import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect } from 'vitest';
import { createOrphanReaper, type OrphanReaper } from '../../../src/orphan-reaper.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { type ApiProcess, startApiProcess } from '../../helpers/workers/built-processes.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';
import { type Job, withEachClient } from '../each-client.ts';

const redis = useRedis({ persistent: true, port: 0 });
let reaper: OrphanReaper;
let api: ApiProcess;

beforeAll(async () => {
  reaper = createOrphanReaper();
  api = await startApiProcess(redis.url, reaper);
});
afterAll(async () => {
  await api.stop();
  reaper.end();
});

async function startAgain(): Promise<void> {
  api = await startApiProcess(redis.url, reaper, {}, api.port);
}

async function killApi(): Promise<void> {
  api.child.signal('SIGKILL');
  await api.child.exited;
}

/** Forwards requests to the API. The answer of the first submit is lost: the API is killed before anybody sees it. */
async function startKillingProxy() {
  let kills = 0;
  const proxy = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const forwarded = send({ host: '127.0.0.1', port: api.port, method, path, headers }, async (answer) => {
      if (method === 'POST' && kills === 0) {
        kills += 1;
        await killApi();
        outgoing.destroy();
        await startAgain();
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const stop = () => {
    proxy.closeAllConnections();
    proxy.close();
  };
  return { origin: `http://127.0.0.1:${port}`, stop, kills: () => kills };
}

withEachClient(
  () => ({ url: api.origin, tries: 20 }),
  (scenario) => {
    scenario(
      'stores a job once when the API is killed in the midst of its submit',
      async ({ driver, submit }) => {
        const proxy = await startKillingProxy();
        try {
          await driver.call('connect', { url: proxy.origin, tries: 20 });
          const queue = `killed-${String(Math.random()).slice(2)}`;
          const id = await submit('echo', 'once', { queue });
          expect(proxy.kills()).toBe(1);
          const answer = await fetch(`${api.origin}/queues/${queue}/jobs`);
          const { items } = (await answer.json()) as { items: Job[] };
          expect(items.map((job) => job.id)).toEqual([id]);
        } finally {
          proxy.stop();
        }
      },
    );

    scenario('waits for a result over a restart of the API', async ({ driver, submit }) => {
      const queue = `waits-${String(Math.random()).slice(2)}`;
      const id = await submit('echo', 'patient', { queue });
      const waiting = driver.call('result', { id });
      await killApi();
      await startAgain();
      const worker = await startWorker(redis.url, { QUEUES: queue });
      expect(await waiting).toBe('patient');
      await worker.stop();
    });

    scenario('submits while the API is away for a moment', async ({ driver, submit }) => {
      await killApi();
      const submitting = submit('echo', 1, { queue: 'nobody' });
      await startAgain();
      expect((await driver.call<Job>('get', { id: await submitting })).status).toBe('queued');
    });

    scenario('goes on after a restart of Redis', async ({ driver, submit }) => {
      const id = await submit('echo', 'kept', { queue: 'nobody' });
      await redis.server.stop();
      redis.replace(await redis.server.restart());
      const later = await submit('echo', 'later', { queue: 'nobody' });
      expect((await driver.call<Job>('get', { id }))['payload']).toBe('kept');
      expect((await driver.call<Job>('get', { id: later }))['payload']).toBe('later');
    });

    scenario.needs('follow')('gets each event once over a restart of the API', async ({ driver, submit }) => {
      const queue = `followed-${String(Math.random()).slice(2)}`;
      const first = await submit('echo', 1, { queue });
      const following = await driver.follow({ queue, lastEventId: '0-0' });
      await driver.call('cancel', { id: first });
      await following.until(({ messages }) => messages.length === 1, 'the first event');
      await killApi();
      await startAgain();
      const second = await submit('echo', 2, { queue });
      await driver.call('cancel', { id: second });
      const messages = await following.until(({ messages: all }) => all.length === 2, 'the second event');
      expect(messages.map(({ type, job }) => [type, job])).toEqual([
        ['cancelled', first],
        ['cancelled', second],
      ]);
      await driver.call('unfollow', { call: following.call });
    });

    scenario.needs('follow')(
      'follows a job to its end over a restart of the API',
      async ({ driver, submit }) => {
        const queue = `job-${String(Math.random()).slice(2)}`;
        const id = await submit('echo', 'end', { queue });
        const following = await driver.follow({ job: id });
        await following.until(({ types }) => types.includes('job'), 'the job');
        await killApi();
        await startAgain();
        const worker = await startWorker(redis.url, { QUEUES: queue });
        await following.until(({ end }) => end !== undefined, 'the end of the stream');
        expect(following.end).toBeNull();
        expect(following.types.filter((type) => type === 'completed')).toHaveLength(1);
        await until(async () => (await driver.call<Job>('get', { id })).status === 'completed', 'the end');
        await worker.stop();
      },
    );
  },
);
