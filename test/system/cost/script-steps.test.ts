import { beforeAll, describe, expect, it } from 'vitest';
import { LeaseConsumer } from '../../../src/leases/lease-consumer.ts';
import { HEARTBEAT_START, type HeartbeatPosition } from '../../../src/leases/scripts/heartbeat.ts';
import { newLeaseName } from '../../../src/lifecycle/consumer-name.ts';
import { ensureGroups } from '../../../src/lifecycle/scripts/ensure-groups.ts';
import { recover } from '../../../src/lifecycle/scripts/recover.ts';
import { SWEEP_START, type SweepPosition, sweep } from '../../../src/lifecycle/scripts/sweep.ts';
import { inOrder, type QueueKeys, queueKeys } from '../../../src/redis/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { completing, idsOf, post, settle, take } from '../../helpers/leases/http-worker.ts';
import { useRedis } from '../../helpers/redis/server.ts';

/**
 * No script may keep Redis from everybody else, however much a request asks for and however much waits. Work is counted:
 * a busy machine changes nothing. Only the last bound is a time, and a generous one.
 */
const MOST_JOBS_PER_CALL = 200;
const MOST_COMMANDS_PER_CALL = 1_500;
const MOST_MS = 250;

const QUEUE = 'backlog';
const WAITING = 100_000;
const DELAYED = 20_000;
const FILL_STEP = 2_000;

const redis = useRedis({ settings: { 'slowlog-log-slower-than': '2000', 'slowlog-max-len': '10000' } });
const api = useApi(redis, { UNKNOWN_TASKS: 'accept', DEAD_MAX: '100000' });
const keys: QueueKeys = queueKeys('mr', QUEUE);

/** Calls of scripts, and commands that they and others sent, while `work` ran. */
async function counted(work: () => Promise<unknown>): Promise<{ scripts: number; commands: number }> {
  await redis.client.config('RESETSTAT');
  await work();
  const stats = await redis.client.info('commandstats');
  const calls = [...stats.matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)];
  const isScript = (name: string) => name === 'evalsha' || name === 'eval';
  const sum = (isMeant: (name: string) => boolean) =>
    calls.reduce((total, [, name = '', count]) => total + (isMeant(name) ? Number(count) : 0), 0);
  return { scripts: sum(isScript), commands: sum((name) => !isScript(name)) };
}

/** Checks that the work on that many jobs went in bounded steps. */
async function expectSteps(
  jobs: number,
  work: () => Promise<unknown>,
  perCall = MOST_JOBS_PER_CALL,
): Promise<void> {
  const { scripts, commands } = await counted(work);
  expect(scripts).toBeGreaterThanOrEqual(jobs / perCall);
  expect(commands / scripts).toBeLessThan(MOST_COMMANDS_PER_CALL);
}

/** A lease that holds many jobs, from many takes. */
async function heldBy(count: number): Promise<LeaseConsumer> {
  const consumer = new LeaseConsumer(newLeaseName('many'), redis.client);
  const request = {
    favouredLane: 0,
    share: 0,
    byteBudget: 1_000_000,
    leaseMs: 600_000,
    requestDigest: undefined,
    highestToken: 0,
    isLeaseActive: true,
    classes: [],
    isContinuation: false,
  };
  for (let held = 0; held < count; held += 200) {
    await consumer.settleAndTake(keys, [], new Map(), Date.now(), { ...request, count: 200 });
  }
  return consumer;
}

const failing = (ids: readonly string[], more: object = {}) => ({
  fail: ids.map((id) => ({ id, error: { message: 'no' }, ...more })),
});

beforeAll(async () => {
  await ensureGroups(redis.client, keys);
  await redis.client.sadd('mr:queues', QUEUE);
  const fill = `for i = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 't', 'work', 'p', '1', 'o', '{}') end`;
  const park = `for i = 1, ARGV[1] do
    local id = redis.call('XADD', KEYS[1], '*', 't', 'work', 'p', '1', 'o', '{}')
    redis.call('ZADD', KEYS[2], ARGV[2] + i, 'p' .. id)
  end`;
  for (let i = 0; i < WAITING; i += FILL_STEP)
    await redis.client.eval(fill, 1, keys.stream.normal, FILL_STEP);
  for (let i = 0; i < DELAYED; i += FILL_STEP) {
    const at = Date.now() + 3_600_000 + i;
    await redis.client.eval(park, 2, keys.stream.parked, keys.scheduled, FILL_STEP, at);
  }
  await redis.client.call('SLOWLOG', 'RESET');
}, 120_000);

describe('with a long backlog, in bounded steps', () => {
  it('an HTTP lease takes, completes, fails and releases a thousand jobs', async () => {
    let taken = await take(api, { queues: [QUEUE] });
    await expectSteps(1_000, async () => {
      taken = await take(api, { queues: [QUEUE], max: 1_000 });
    });
    expect(taken.jobs).toHaveLength(1_000);
    await expectSteps(2_000, async () => {
      taken = await settle(api, taken.lease, completing(idsOf(taken)), 1_000);
    });
    expect(taken.jobs).toHaveLength(1_000);
    // Each job is looked up and moved.
    for (const body of [
      failing(idsOf(taken).slice(0, 400), { retryInMs: 3_600_000 }),
      failing(idsOf(taken).slice(400, 800), { retryable: false }),
      {
        release: idsOf(taken)
          .slice(800)
          .map((id) => ({ id, delayMs: 3_600_000 })),
      },
    ]) {
      const jobs = Object.values(body).flat().length;
      await expectSteps(2 * jobs, () => settle(api, taken.lease, body, 0), 100);
    }
  });

  it('dead letters are run again and removed', async () => {
    await expectSteps(400, () => api.http.post(`/queues/${QUEUE}/dead/retry`).send({}).expect(200));
    const { lease, jobs } = await take(api, { queues: [QUEUE], max: 1_000 });
    await settle(api, lease, failing(idsOf({ jobs }), { retryable: false }), 0);
    await expectSteps(1_000, () => api.http.delete(`/queues/${QUEUE}/dead`).expect(200));
  });

  it('a heartbeat checks, and a recovery takes back, what a lease holds', async () => {
    const consumer = await heldBy(5_000);
    await expectSteps(5_000, async () => {
      let held = 0;
      for (let at: HeartbeatPosition | undefined = HEARTBEAT_START; at !== undefined; ) {
        const { jobs, next } = await consumer.heartbeat(keys, 600_000, 'all', at);
        held += jobs.length;
        at = next;
      }
      expect(held).toBe(5_000);
    });
    await expectSteps(5_000, async () => {
      const givenUp = { consumer: consumer.name, lingerMs: 0, how: 'it ended' };
      for (let more = true; more; ) ({ more } = await recover(redis.client, keys, givenUp));
    });
  });

  it('a sweep checks all that was delivered', async () => {
    await expectSteps(DELAYED, async () => {
      for (let position: SweepPosition = SWEEP_START; position !== 'end'; ) {
        position = (await sweep(redis.client, keys, position)).next;
      }
    });
  });

  it('a subscription reads and acknowledges', async () => {
    await api.http.put(`/queues/${QUEUE}/subscriptions/all`).send({ from: 'oldest' }).expect(201);
    const read = async () =>
      (await post(api, `/queues/${QUEUE}/subscriptions/all/read`, { max: 1_000 })).body as {
        events: { id: string }[];
      };
    let last = '';
    await expectSteps(0, async () => {
      for (let reads = 0; reads < 5; reads += 1) last = (await read()).events.at(-1)?.id ?? last;
      await post(api, `/queues/${QUEUE}/subscriptions/all/ack`, { upTo: last });
    });
    await expectSteps(0, () => api.http.delete(`/queues/${QUEUE}/subscriptions/all`).expect(204));
  });

  it('figures and listings are read', async () => {
    await expectSteps(0, () => api.http.get(`/queues/${QUEUE}/stats`).expect(200));
    await expectSteps(0, () => api.http.get(`/queues/${QUEUE}/jobs?limit=1000`).expect(200));
  });

  it('ended jobs are listed', async () => {
    const { lease, jobs } = await take(api, { queues: [QUEUE], max: 1_000 });
    await settle(api, lease, completing(idsOf({ jobs })), 0);
    await expectSteps(
      1_000,
      async () => {
        const { body } = await api.http.get(`/queues/${QUEUE}/jobs?status=completed&limit=1000`).expect(200);
        expect(body.items).toHaveLength(1_000);
      },
      100,
    );
  });

  it('waiting jobs are cancelled', async () => {
    const cancelled = (status: string) => async () => {
      const path = `/queues/${QUEUE}/jobs?status=${status}&limit=1000`;
      expect((await api.http.delete(path).expect(200)).body.count).toBe(1_000);
    };
    for (const status of ['queued', 'scheduled']) await expectSteps(1_000, cancelled(status), 50);
  });

  it('a queue is removed', async () => {
    await expectSteps(1_000, () => api.http.delete(`/queues/${QUEUE}?force=true`).expect(202), 50);
    await redis.client.del(
      ...inOrder(keys.stream),
      ...inOrder(keys.due),
      ...inOrder(keys.dead),
      keys.scheduled,
    );
    const { scripts, commands } = await counted(() => api.http.delete(`/queues/${QUEUE}`).expect(204));
    expect(scripts).toBe(1);
    expect(commands).toBeLessThan(60);
  });

  it('no script has kept Redis for long', async () => {
    const entries = (await redis.client.call('SLOWLOG', 'GET', '10000')) as [
      id: number,
      at: number,
      micros: number,
      command: string[],
    ][];
    const slow = entries.filter(([, , micros, [name]]) => name === 'evalsha' && micros > MOST_MS * 1_000);
    expect(slow).toEqual([]);
  });
});
