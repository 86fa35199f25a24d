import { createServer, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect } from 'vitest';
import { createOrphanReaper, type OrphanReaper } from '../../../src/orphan-reaper.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { type ApiProcess, startApiProcess } from '../../helpers/workers/built-processes.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';
import { DRIVERS } from '../drivers.ts';
import { type Job, withAllClients } from '../each-client.ts';

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

/**
 * Forwards requests to the API. The answers of the first submits are lost: when the API has stored a job of each client, it is killed
 * before anybody sees an answer.
 */
async function startKillingProxy(clients: number) {
  let kills = 0;
  const unseen: ServerResponse[] = [];
  const proxy = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const forwarded = send({ host: '127.0.0.1', port: api.port, method, path, headers }, async (answer) => {
      if (method === 'POST' && kills === 0) {
        unseen.push(outgoing);
        if (unseen.length < clients) return;
        kills += 1;
        await killApi();
        for (const one of unseen) one.destroy();
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

/** What a client has left for the next step. */
function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`nothing was left by client ${index}`);
  return found;
}

const newQueue = (name: string) => `${name}-${String(Math.random()).slice(2)}`;

withAllClients(
  () => ({ url: api.origin, tries: 20 }),
  (scenario) => {
    scenario('a job is stored once when the API is killed in the midst of its submit', async (all) => {
      const proxy = await startKillingProxy(DRIVERS.length);
      try {
        await all(async ({ driver, submit }) => {
          await driver.call('connect', { url: proxy.origin, tries: 20 });
          const queue = newQueue('killed');
          const id = await submit('echo', 'once', { queue });
          const answer = await fetch(`${api.origin}/queues/${queue}/jobs`);
          const { items } = (await answer.json()) as { items: Job[] };
          expect(items.map((job) => job.id)).toEqual([id]);
        });
        expect(proxy.kills()).toBe(1);
      } finally {
        proxy.stop();
      }
    });

    scenario('a result is waited for over a restart of the API', async (all) => {
      const queue = newQueue('waits');
      const ids = await all(({ name, submit }) => submit('echo', `patient ${name}`, { queue }));
      const waiting = all(async ({ name, driver }, index) =>
        expect(await driver.call('result', { id: ids[index] })).toBe(`patient ${name}`),
      );
      await killApi();
      await startAgain();
      const worker = await startWorker(redis.url, { QUEUES: queue });
      await waiting;
      await worker.stop();
    });

    scenario('jobs are submitted while the API is away for a moment', async (all) => {
      await killApi();
      const submitting = all(({ submit }) => submit('echo', 1, { queue: 'nobody' }));
      await startAgain();
      const ids = await submitting;
      await all(async ({ driver }, index) =>
        expect((await driver.call<Job>('get', { id: ids[index] })).status).toBe('queued'),
      );
    });

    scenario('work goes on after a restart of Redis', async (all) => {
      const kept = await all(({ submit }) => submit('echo', 'kept', { queue: 'nobody' }));
      await redis.server.stop();
      redis.replace(await redis.server.restart());
      await all(async ({ driver, submit }, index) => {
        const later = await submit('echo', 'later', { queue: 'nobody' });
        expect((await driver.call<Job>('get', { id: kept[index] }))['payload']).toBe('kept');
        expect((await driver.call<Job>('get', { id: later }))['payload']).toBe('later');
      });
    });

    scenario.needs('follow')('each event comes once over a restart of the API', async (all) => {
      const begun = await all(async ({ driver, submit }) => {
        const queue = newQueue('followed');
        const first = await submit('echo', 1, { queue });
        const following = await driver.follow({ queue, lastEventId: '0-0' });
        await driver.call('cancel', { id: first });
        await following.until(({ messages }) => messages.length === 1, 'the first event');
        return { queue, first, missed: await submit('echo', 2, { queue }), following };
      });
      const other = await startApiProcess(redis.url, reaper);
      await killApi();
      for (const { missed } of begun)
        await fetch(`${other.origin}/jobs/${missed}/cancel`, { method: 'POST' });
      await startAgain();
      await all(async ({ driver, submit }, index) => {
        const { queue, first, missed, following } = at(begun, index);
        const last = await submit('echo', 3, { queue });
        await driver.call('cancel', { id: last });
        const messages = await following.until(({ messages: seen }) => seen.length === 3, 'the last event');
        expect(messages.map(({ type, job }) => [type, job])).toEqual([
          ['cancelled', first],
          ['cancelled', missed],
          ['cancelled', last],
        ]);
        await driver.call('unfollow', { call: following.call });
      });
      await other.stop();
    });

    scenario.needs('follow')('a job is followed to its end over a restart of the API', async (all) => {
      const queue = newQueue('job');
      const begun = await all(async ({ driver, submit }) => {
        const id = await submit('echo', 'end', { queue });
        const following = await driver.follow({ job: id });
        await following.until(({ types }) => types.includes('job'), 'the job');
        return { id, following };
      });
      await killApi();
      await startAgain();
      const worker = await startWorker(redis.url, { QUEUES: queue });
      await all(async ({ driver }, index) => {
        const { id, following } = at(begun, index);
        await following.until(({ end }) => end !== undefined, 'the end of the stream');
        expect(following.end).toBeNull();
        expect(following.types.filter((type) => type === 'completed')).toHaveLength(1);
        await until(async () => (await driver.call<Job>('get', { id })).status === 'completed', 'the end');
      });
      await worker.stop();
    });
  },
);
