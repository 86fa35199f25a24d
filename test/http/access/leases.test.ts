import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newLeaseName } from '../../../src/lifecycle/consumer-name.ts';
import { ADMIN_KEY, bearer, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { type Answer, JSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, { ...WITH_KEYS, UNKNOWN_TASKS: 'accept' });
const open = useApi(redis, { UNKNOWN_TASKS: 'accept' });

let holder: string;
let other: string;
let lease: string;
let job: string;
beforeAll(async () => {
  ({ key: holder } = await makeKey(api.origin, ['work:img', 'work:other']));
  ({ key: other } = await makeKey(api.origin, ['work:img', 'read:img']));
});
beforeEach(async () => {
  await ask('/jobs', { queue: 'img', task: 'resize' }, ADMIN_KEY);
  const taken = await ask('/leases', { queues: ['img'], worker: 'w' }, holder);
  ({ lease } = taken.body);
  job = taken.body.jobs[0].id;
});

const ask = (path: string, body: unknown, key: string): Promise<Answer> =>
  send(api.origin, { path, headers: { ...JSON_TYPE, ...bearer(key) }, body: JSON.stringify(body) });
/** An answer without what differs for each request. */
const shown = ({ status, body: { requestId: _, ...body } }: Answer, ...names: string[]) => ({
  status,
  body: names.reduce((text, name) => text.replaceAll(name, 'X'), JSON.stringify(body)),
});
const calls = async () => {
  const info = await redis.client.info('commandstats');
  return [...info.matchAll(/cmdstat_(?!info|config)[a-z|]+:calls=(\d+)/g)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
};

const REPORTS = [
  ['complete', { result: 1 }],
  ['fail', { error: { message: 'm' } }],
  ['release', {}],
  ['progress', { progress: 1 }],
  ['checkpoint', { checkpoint: 1 }],
  ['log', { log: 'line' }],
] as const;

describe('the lease of another key', () => {
  it.each(REPORTS)('is the 404 of one that never was: %s', async (verb, report) => {
    const never = lease.replace(/[^~]*/, newLeaseName('w'));
    const foreign = await ask(`/jobs/${job}/${verb}`, { lease, ...report }, other);
    const unknown = await ask(`/jobs/${job}/${verb}`, { lease: never, ...report }, other);
    expect(foreign).toMatchObject({ status: 404, body: { code: 'lease-not-found' } });
    expect(shown(foreign)).toEqual(shown(unknown));
    const byUrl = await ask(`/jobs/${job}/${verb}?lease=${lease}`, report, other);
    expect(byUrl.status).toBe(404);
  });

  it('is the 404 of one that never was: heartbeat and settle', async () => {
    const never = lease.replace(/[^~]*/, newLeaseName('w'));
    for (const [verb, body] of [
      ['heartbeat', {}],
      ['settle', { complete: [{ id: job, result: 1 }] }],
    ] as const) {
      const foreign = await ask(`/leases/${lease}/${verb}`, body, other);
      expect(foreign).toMatchObject({ status: 404, body: { code: 'lease-not-found' } });
      expect(shown(foreign, lease)).toEqual(shown(await ask(`/leases/${never}/${verb}`, body, other), never));
    }
    const { body } = await send(api.origin, { method: 'GET', path: `/jobs/${job}`, headers: bearer(other) });
    expect(body).toMatchObject({ status: 'running' });
  });

  it('costs Redis nothing', async () => {
    const times = 20;
    await ask(`/leases/${lease}/heartbeat`, {}, other);
    const before = await calls();
    for (let i = 0; i < times; i += 1) {
      await ask(`/leases/${lease}/heartbeat`, {}, other);
      await ask(`/jobs/${job}/complete`, { lease, result: 1 }, other);
    }
    // Loops of two API processes run beside.
    expect((await calls()) - before).toBeLessThan(times);
  });

  it('cannot be made one of its own by another text', async () => {
    const [consumer = '', ms = '', ...queues] = lease.split('~');
    const own = (await ask('/leases', { queues: ['img'], worker: 'w' }, other)).body.lease as string;
    const [ownConsumer = ''] = own.split('~');
    const mixed = consumer.slice(0, -12) + ownConsumer.slice(-12);
    for (const name of [mixed, consumer.toUpperCase(), `x${consumer}`]) {
      const answer = await ask(`/leases/${[name, ms, ...queues].join('~')}/heartbeat`, {}, other);
      expect(answer.status).toBe(404);
    }
  });
});

describe('the lease of a key', () => {
  it('works for that key: heartbeat, progress, settle with the next job, and a replacement', async () => {
    expect((await ask(`/leases/${lease}/heartbeat`, {}, holder)).status).toBe(200);
    expect((await ask(`/jobs/${job}/progress`, { lease, progress: 1 }, holder)).status).toBe(200);
    await ask('/jobs', { queue: 'img', task: 'resize' }, ADMIN_KEY);
    const settled = await ask(
      `/leases/${lease}/settle?next=1`,
      { complete: [{ id: job, result: 1 }] },
      holder,
    );
    expect(settled.status, settled.text).toBe(207);
    const [next] = settled.body.jobs;
    const end = { lease: settled.body.lease, result: 1 };
    expect((await ask(`/jobs/${next.id}/complete`, end, other)).status).toBe(404);
    expect((await ask(`/jobs/${next.id}/complete`, end, holder)).status).toBe(200);
  });

  it('is replaced by one of the same key once it has ended', async () => {
    await ask(`/jobs/${job}/complete`, { lease, result: 1 }, holder);
    const { body } = await ask('/jobs', { queue: 'img', task: 'resize' }, ADMIN_KEY);
    const settled = await ask(`/leases/${lease}/settle?next=1`, { release: [{ id: job }] }, holder);
    expect(settled.body.jobs, settled.text).toMatchObject([{ id: body.id }]);
    expect(settled.body.lease).not.toBe(lease);
    const end = { lease: settled.body.lease, result: 1 };
    expect((await ask(`/jobs/${body.id}/complete`, end, other)).status).toBe(404);
    expect((await ask(`/jobs/${body.id}/complete`, end, holder)).status).toBe(200);
  });

  it('takes no jobs of a queue that somebody has written into its text', async () => {
    await ask('/jobs', { queue: 'payroll', task: 'pay' }, ADMIN_KEY);
    const settled = await ask(
      `/leases/${lease}~payroll/settle?next=5`,
      { complete: [{ id: job, result: 1 }] },
      holder,
    );
    expect(settled).toMatchObject({ status: 404, body: { code: 'lease-not-found' } });
    expect((await ask(`/leases/${lease}~payroll/heartbeat`, {}, holder)).status).toBe(404);
    const report = await ask(`/jobs/${job}/complete`, { lease: `${lease}~payroll`, result: 1 }, holder);
    expect(report.status).toBe(404);
  });

  it('is for queues that the key may work on', async () => {
    const answer = await ask('/leases', { queues: ['img', 'payroll', 'mail'] }, holder);
    expect(answer).toMatchObject({
      status: 403,
      body: { code: 'forbidden', detail: expect.stringContaining('scopes "work:payroll", "work:mail".') },
    });
  });
});

describe('with AUTH=off', () => {
  it('every client may act on a lease, as before', async () => {
    const headers = JSON_TYPE;
    const body = JSON.stringify({});
    const answer = await send(open.origin, { path: `/leases/${lease}/heartbeat`, headers, body });
    expect(answer.status).toBe(200);
  });
});
