import type { Core } from '../../../src/core/core.ts';
import { LeaseConsumer } from '../../../src/leases/lease-consumer.ts';
import { HEARTBEAT_START, type HeartbeatPosition } from '../../../src/leases/scripts/heartbeat.ts';
import { Consumer } from '../../../src/lifecycle/consumer.ts';
import { newLeaseName } from '../../../src/lifecycle/consumer-name.ts';
import { extendLease } from '../../../src/lifecycle/scripts/extend-lease.ts';
import { recover } from '../../../src/lifecycle/scripts/recover.ts';
import { SWEEP_START, type SweepPosition, sweep } from '../../../src/lifecycle/scripts/sweep.ts';
import { Recoverer } from '../../../src/maintenance/recoverer.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import type { QueueKeys } from '../../../src/redis/keys.ts';
import { send } from '../../helpers/api/send.ts';
import { completing, idsOf, post, settle, take } from '../../helpers/leases/http-worker.ts';
import { take as takeAs } from '../../helpers/workers/moves.ts';
import type { Backlog } from './fill.ts';

/** Where a tour goes: a queue with a long backlog, its Redis, and an API. */
export interface Site {
  readonly api: { readonly origin: string };
  readonly redis: Connection;
  readonly core: Core;
  readonly keys: QueueKeys;
  readonly backlog: Backlog;
}

/** One thing that users or workers do. */
export interface Stop {
  readonly title: string;
  /** Jobs that it reads or moves, which it must do in steps; 0 where it has one step. */
  readonly jobs: number;
  /** Most jobs of one call; 200 by default. */
  readonly perCall?: number;
  readonly run: (site: Site) => Promise<void>;
  /** What it needs, made before it is watched. */
  readonly prepare?: (site: Site) => Promise<void>;
}

const MANY = 1_000;
const HELD = 5_000;
const LATER_MS = 3_600_000;

async function expectStatus(
  answer: Promise<{ status: number; text: string }>,
  status: number,
): Promise<void> {
  const { status: given, text } = await answer;
  if (given !== status) throw new Error(`the API answered ${given}, not ${status}: ${text}`);
}
const get = ({ api, keys }: Site, path: string) =>
  expectStatus(send(api.origin, { method: 'GET', path: `/queues/${keys.queue}/${path}` }), 200);

const jobsOf = ({ keys }: Site, count: number, more: object = {}) =>
  Array.from({ length: count }, (_, payload) => ({ queue: keys.queue, task: 'work', payload, ...more }));
const submit = (site: Site, count: number, more: object = {}, query = '') =>
  expectStatus(post(site.api, `/jobs/batch${query}`, { jobs: jobsOf(site, count, more) }), 207);

const failing = (ids: readonly string[], more: object) => ({
  fail: ids.map((id) => ({ id, error: { message: 'no' }, ...more })),
});

/** An HTTP lease that holds many jobs, from many takes. */
async function holdMany({ keys }: Site, consumer: LeaseConsumer, count: number): Promise<void> {
  const request = {
    ...{ favouredLane: 0, share: 0, byteBudget: 1_000_000, leaseMs: 600_000, requestDigest: undefined },
    ...{ highestToken: 0, isLeaseActive: true, classes: [], isContinuation: false, count: 200 },
  };
  for (let held = 0; held < count; held += request.count) {
    await consumer.settleAndTake(keys, [], new Map(), Date.now(), request);
  }
}

/** Jobs come from the site's queue, over HTTP. */
function httpStops(): Stop[] {
  let taken = { lease: '', jobs: [] as Awaited<ReturnType<typeof take>>['jobs'] };
  const settleThem = (title: string, body: (ids: readonly string[]) => object): Stop => ({
    title,
    // Each is looked up and moved.
    jobs: 2 * MANY,
    perCall: 100,
    prepare: async ({ api, keys }) => {
      taken = await take(api, { queues: [keys.queue], max: MANY });
    },
    run: async ({ api }) => void (await settle(api, taken.lease, body(idsOf(taken)), 0)),
  });
  return [
    {
      title: 'an HTTP lease takes',
      jobs: MANY,
      perCall: 100,
      run: async ({ api, keys }) => {
        taken = await take(api, { queues: [keys.queue], max: MANY });
      },
    },
    {
      title: 'an HTTP lease completes and takes others',
      jobs: 2 * MANY,
      perCall: 100,
      run: async ({ api }) => {
        taken = await settle(api, taken.lease, completing(idsOf(taken)), MANY);
      },
    },
    settleThem('an HTTP lease fails jobs that are tried again', (ids) =>
      failing(ids, { retryInMs: LATER_MS }),
    ),
    settleThem('an HTTP lease fails jobs for good', (ids) => failing(ids, { retryable: false })),
    settleThem('an HTTP lease releases jobs', (ids) => ({
      release: ids.map((id) => ({ id, delayMs: LATER_MS })),
    })),
  ];
}

/** Submits, and what is done with jobs that wait. */
const submitStops: readonly Stop[] = [
  { title: 'jobs are submitted', jobs: 0, run: (site) => submit(site, 10_000) },
  { title: 'delayed jobs are submitted', jobs: 0, run: (site) => submit(site, MANY, { delay: LATER_MS }) },
  {
    title: 'waiting jobs are cancelled',
    jobs: 0,
    run: async ({ api, keys }) => {
      const answer = await send(api.origin, { method: 'GET', path: `/queues/${keys.queue}/jobs?limit=100` });
      const { items } = answer.body as { items: { id: string }[] };
      for (const { id } of items) await expectStatus(post(api, `/jobs/${id}/cancel`), 200);
    },
  },
  {
    title: 'jobs expire',
    jobs: 0,
    prepare: (site) => submit(site, 400, { expiresIn: 1 }),
    run: async ({ core, keys }) => {
      const { run } = new Recoverer(core, () => [keys]);
      while ((await run()) === 0);
    },
  },
];

/** What is done with jobs that have ended, wait or are no longer wanted. */
function queueStops(): Stop[] {
  const ask = async ({ api, keys }: Site, method: string, more: string, status = 200) => {
    const answer = send(api.origin, { method, path: `/queues/${keys.queue}${more}` });
    await expectStatus(answer, status);
    return (await answer).body as { count?: number; items?: unknown[] };
  };
  const cancel = (status: string): Stop => ({
    title: `${status} jobs are cancelled together`,
    jobs: MANY,
    perCall: 50,
    run: async (site) => {
      const { count } = await ask(site, 'DELETE', `/jobs?status=${status}&limit=${MANY}`);
      if (count !== MANY) throw new Error(`${count} jobs were cancelled`);
    },
  });
  return [
    {
      title: 'ended jobs are listed',
      jobs: MANY,
      perCall: 100,
      prepare: async ({ api, keys }) => {
        const { lease, jobs } = await take(api, { queues: [keys.queue], max: MANY });
        await settle(api, lease, completing(idsOf({ jobs })), 0);
      },
      run: async (site) => {
        const { items } = await ask(site, 'GET', `/jobs?status=completed&limit=${MANY}`);
        if (items?.length !== MANY) throw new Error(`${items?.length} jobs were listed`);
      },
    },
    cancel('queued'),
    cancel('scheduled'),
    {
      title: 'a queue is removed',
      jobs: MANY,
      perCall: 50,
      run: async (site) => void (await ask(site, 'DELETE', '?force=true', 202)),
    },
  ];
}

/** What workers and their recovery do. */
function workerStops(): Stop[] {
  let holder: LeaseConsumer;
  return [
    {
      title: 'a worker takes',
      jobs: 0,
      run: async ({ redis, keys }) => {
        const worker = new Consumer('worker.1.abc', redis);
        await extendLease(redis, keys, 'new', [worker.name], 600_000);
        for (let i = 0; i < 5; i += 1) await takeAs(worker, keys, { count: 200 });
      },
    },
    {
      title: 'a heartbeat checks what a lease holds',
      jobs: HELD,
      prepare: async (site) => {
        holder = new LeaseConsumer(newLeaseName('many'), site.redis);
        await holdMany(site, holder, HELD);
      },
      run: async ({ keys }) => {
        let at: HeartbeatPosition | undefined = HEARTBEAT_START;
        while (at !== undefined) at = (await holder.heartbeat(keys, 600_000, 'all', at)).next;
      },
    },
    {
      title: 'a heartbeat looks for cancels',
      jobs: HELD,
      perCall: 500,
      run: async ({ keys }) => {
        let at: HeartbeatPosition | undefined = HEARTBEAT_START;
        while (at !== undefined) at = (await holder.heartbeat(keys, 600_000, 'cancelled', at)).next;
      },
    },
    {
      title: 'a recovery takes back what a lease holds',
      jobs: HELD,
      run: async ({ redis, keys }) => {
        const givenUp = { consumer: holder.name, lingerMs: 0, how: 'it ended' };
        for (let more = true; more; ) ({ more } = await recover(redis, keys, givenUp));
      },
    },
  ];
}

/** What is read, swept and removed. */
function readStops({ scheduled, retrying, dead, held }: Backlog): Stop[] {
  const subscription = (site: Site) => `/queues/${site.keys.queue}/subscriptions/all`;
  return [
    {
      title: 'a sweep checks all that was delivered',
      jobs: scheduled + retrying + dead + held,
      run: async ({ redis, keys }) => {
        for (let at: SweepPosition = SWEEP_START; at !== 'end'; ) at = (await sweep(redis, keys, at)).next;
      },
    },
    {
      title: 'figures and listings are read',
      jobs: 0,
      run: async (site) => {
        await get(site, 'stats');
        for (const status of ['queued', 'scheduled', 'running', 'retrying', 'failed']) {
          await get(site, `jobs?limit=1000&status=${status}`);
        }
        await get(site, 'pending?limit=1000');
      },
    },
    {
      title: 'a subscription reads and acknowledges',
      jobs: 0,
      run: async (site) => {
        const name = subscription(site);
        const body = JSON.stringify({ from: 'oldest' });
        const headers = { 'content-type': 'application/json' };
        await expectStatus(send(site.api.origin, { method: 'PUT', path: name, headers, body }), 201);
        for (let reads = 0; reads < 5; reads += 1) {
          const { body } = await post(site.api, `${name}/read`, { max: MANY });
          const upTo = (body as { events: { id: string }[] }).events.at(-1)?.id;
          if (upTo !== undefined) await expectStatus(post(site.api, `${name}/ack`, { upTo }), 200);
        }
        await expectStatus(send(site.api.origin, { method: 'DELETE', path: name }), 204);
      },
    },
    {
      title: 'dead letters run again',
      jobs: 400,
      run: ({ api, keys }) => expectStatus(post(api, `/queues/${keys.queue}/dead/retry`), 200),
    },
    {
      title: 'dead letters are removed',
      jobs: MANY,
      run: ({ api, keys }) =>
        expectStatus(send(api.origin, { method: 'DELETE', path: `/queues/${keys.queue}/dead` }), 200),
    },
  ];
}

/** All that is done with a queue; each stop leaves enough jobs for the next. */
export const tourOf = (backlog: Backlog): Stop[] => [
  ...httpStops(),
  ...submitStops,
  ...workerStops(),
  ...readStops(backlog),
  ...queueStops(),
];
