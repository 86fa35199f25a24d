import { expect } from 'vitest';
import { freePort } from '../../../src/local/redis-settings.ts';
import { json, problem, useStubService } from '../../client/http/stub-service.ts';
import { ADMIN_KEY, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { withEachClient } from '../each-client.ts';

const redis = useRedis();
const api = useApi(redis, { ...WITH_KEYS, MAX_PAYLOAD_BYTES: '10000' });
const stub = useStubService();
const stored = json(202, {
  id: 'default~n1-0',
  queue: 'default',
  status: 'queued',
  attempt: 0,
  maxAttempts: 5,
});

withEachClient(
  () => ({ url: api.origin, key: ADMIN_KEY }),
  (scenario) => {
    scenario('names the faults of a request', async ({ driver }) => {
      const fault = await driver.faultOf('submit', { task: 'not a task', options: { attempts: 1_000 } });
      expect(fault).toMatchObject({ code: 'invalid-request', status: 400 });
      expect(fault.message).toContain('/attempts');
      expect(fault.requestId).toMatch(/\w/);
    });

    scenario('says that there is no such job', async ({ driver }) => {
      const fault = await driver.faultOf('get', { id: 'nowhere~n1-0' });
      expect(fault).toMatchObject({ code: 'job-not-found', status: 404 });
      expect(await driver.faultOf('get', { id: 'a/../b?c#ü' })).toMatchObject({ status: 404 });
    });

    scenario('says that a payload is too large', async ({ driver }) => {
      const fault = await driver.faultOf('submit', { task: 'echo', payload: 'x'.repeat(20_000) });
      expect(fault).toMatchObject({ code: 'payload-too-large', status: 413 });
    });

    scenario('says that a key is wrong, or missing', async ({ driver }) => {
      await driver.call('connect', { url: api.origin, key: 'mr_wrong' });
      expect(await driver.faultOf('submit', { task: 'echo' })).toMatchObject({
        code: 'unauthorized',
        status: 401,
      });
      await driver.call('connect', { url: api.origin });
      expect(await driver.faultOf('get', { id: 'nowhere~n1-0' })).toMatchObject({ status: 401 });
    });

    scenario('says which scope a key lacks', async ({ driver, submit }) => {
      const { key } = await makeKey(api.origin, ['submit']);
      await driver.call('connect', { url: api.origin, key });
      const id = await submit('echo');
      const fault = await driver.faultOf('get', { id });
      expect(fault).toMatchObject({ code: 'forbidden', status: 403 });
      expect(fault.message).toContain('read');
    });

    scenario('sees nothing of a queue that its key may not read', async ({ driver, submit }) => {
      const id = await submit('echo', 1, { queue: 'secret' });
      const { key } = await makeKey(api.origin, ['read:other']);
      await driver.call('connect', { url: api.origin, key });
      expect((await driver.faultOf('get', { id })).status).toBe(404);
    });

    scenario.needs(
      'keys.create',
      'keys.list',
      'keys.revoke',
    )('makes, uses and revokes a key', async ({ driver, submit }) => {
      const made = await driver.call<{ id: string; key: string }>('keys.create', {
        name: 'of a scenario',
        scopes: ['submit'],
      });
      const ids = (await driver.call<{ id: string }[]>('keys.list')).map(({ id }) => id);
      expect(ids).toContain(made.id);
      await driver.call('connect', { url: api.origin, key: made.key });
      await submit('echo');
      await driver.call('connect', { url: api.origin, key: ADMIN_KEY });
      await driver.call('keys.revoke', { key: made.id });
      expect(await driver.faultOf('keys.revoke', { key: made.id })).toMatchObject({ code: 'key-not-found' });
    });

    scenario.needs('audit.list', 'queue.pause')('reads who managed what', async ({ driver }) => {
      const name = `audited-${String(Math.random()).slice(2)}`;
      await driver.call('queue.pause', { name });
      await expect
        .poll(async () => {
          const calls = await driver.call<{ route?: string; target?: string }[]>('audit.list');
          return calls.filter(({ target }) => target?.includes(name));
        })
        .toMatchObject([{ route: '/queues/:name/pause', key: 'admin', status: 200 }]);
    });

    scenario.needs('queue.set')(
      'says that a queue is full, and when to come back',
      async ({ driver, submit }) => {
        const queue = `full-${Math.random()}`;
        await driver.call('queue.set', { name: queue, settings: { maxJobs: 1 } });
        await submit('echo', 1, { queue });
        await driver.call('connect', { url: api.origin, key: ADMIN_KEY, tries: 1 });
        const fault = await driver.faultOf('submit', { task: 'echo', options: { queue } });
        expect(fault).toMatchObject({ code: 'queue-full', status: 429 });
        expect(fault.retryAfter).toBeGreaterThan(0);
      },
    );

    scenario('waits as long as a 429 says, then stores the job', async ({ driver, submit }) => {
      stub.reply(problem(429, 'queue-full', { 'retry-after': '1' }), stored);
      await driver.call('connect', { url: stub.origin });
      const began = performance.now();
      expect(await submit('echo')).toBe('default~n1-0');
      expect(performance.now() - began).toBeGreaterThanOrEqual(1_000);
    });

    scenario('repeats a submit after a 503, with the same Idempotency-Key', async ({ driver, submit }) => {
      stub.reply(problem(503, 'redis-unavailable'), problem(503, 'redis-unavailable'), stored);
      await driver.call('connect', { url: stub.origin });
      await submit('echo');
      const keys = stub.requests.map(({ headers }) => headers['idempotency-key']);
      expect(keys).toHaveLength(3);
      expect(new Set(keys).size).toBe(1);
      expect(keys[0]).toMatch(/\w{16}/);
    });

    scenario('gives up after its tries', async ({ driver }) => {
      stub.reply(problem(503, 'redis-unavailable'));
      await driver.call('connect', { url: stub.origin, tries: 2 });
      expect(await driver.faultOf('submit', { task: 'echo' })).toMatchObject({
        code: 'redis-unavailable',
        status: 503,
      });
      expect(stub.requests).toHaveLength(2);
    });

    scenario('says that nobody is there', async ({ driver }) => {
      await driver.call('connect', { url: `http://127.0.0.1:${await freePort()}`, tries: 2 });
      expect(await driver.faultOf('submit', { task: 'echo' })).toMatchObject({
        code: 'unreachable',
        status: 0,
      });
    });

    scenario('says so when something else than Millrace answers', async ({ driver }) => {
      stub.reply((response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<html>'));
      await driver.call('connect', { url: stub.origin, tries: 1 });
      expect(await driver.faultOf('get', { id: 'nowhere~n1-0' })).toMatchObject({ status: 404 });
    });
  },
);
