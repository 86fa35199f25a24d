import type { Job } from '../../../src/schemas/job.ts';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';
import { openStream } from '../../helpers/events/sse-client.ts';
import { take, takeOne } from '../../helpers/leases/http-worker.ts';
import { until } from '../../helpers/redis/server.ts';

interface Client {
  readonly origin: string;
  /** The body of an answer with a 2xx; any other answer is an error. */
  call<T = unknown>(method: string, path: string, body?: object, headers?: object): Promise<T>;
  submit(job: object, headers?: object): Promise<string>;
  /** Waits until the job has that status. */
  until(id: string, status: Job['status']): Promise<Job>;
}

/** All that clients, HTTP workers and operators do, against a running API and a worker with the test tasks. */
export async function tour(origin: string): Promise<void> {
  const client = clientOf(origin);
  const stream = await openStream(origin, '/events');
  await jobs(client);
  await waitingJobs(client);
  await leases(client);
  await silentWorker(client);
  await queues(client);
  await schedules(client);
  await subscriptions(client);
  await keys(client);
  await stream.message('completed');
  stream.close();
}

function clientOf(origin: string): Client {
  const call: Client['call'] = async (method, path, body, headers) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await send(origin, { method, path, headers: { ...JSON_TYPE, ...headers }, body: text });
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer.body;
  };
  return {
    origin,
    call,
    submit: async (job, headers) => (await call<Job>('POST', '/jobs', job, headers)).id,
    until: (id, status) =>
      until(async () => {
        const job = await call<Job>('GET', `/jobs/${id}`);
        if (job.status !== status && job.finishedAt !== undefined) throw new Error(`${id} is ${job.status}`);
        return job.status === status && job;
      }, `${id} is ${status}`),
  };
}

/** Jobs of every end, run by the worker. */
async function jobs({ origin, call, submit, until }: Client): Promise<void> {
  await call('POST', '/jobs?wait=10', { task: 'echo', payload: 1 }, { 'idempotency-key': 'tour' });
  await call('GET', '/jobs?idempotencyKey=tour&queue=default');
  await call('POST', '/jobs/batch', { jobs: [{ task: 'echo' }, { task: 'echo', priority: 'high' }] });
  await until(await submit({ task: 'flaky', payload: { until: 2 } }), 'completed');
  const failed = await submit({ task: 'fail', attempts: 1 });
  await until(failed, 'failed');
  await call('GET', '/queues/default/jobs?status=failed');
  await call('POST', `/jobs/${failed}/retry`);
  await until(failed, 'failed');
  await call('POST', '/queues/default/dead/retry');
  await until(failed, 'failed');
  await call('DELETE', '/queues/default/dead');
  await until(await submit({ task: 'steps', payload: {} }), 'completed');
  const logged = await submit({ task: 'log-lines', payload: { lines: 3 }, attempts: 1 });
  await until(logged, 'failed');
  await call('GET', `/jobs/${logged}/logs`);
  await call('DELETE', `/jobs/${logged}`);
  const held = await submit({ task: 'hold', payload: {} });
  await until(held, 'running');
  const events = await openStream(origin, `/jobs/${held}/events`);
  await call('POST', `/jobs/${held}/cancel`);
  await until(held, 'cancelled');
  await events.message('cancelled');
  events.close();
  await call('POST', `/jobs/${held}/rerun`, { task: 'echo', payload: 1 });
  // Its worker dies with it: another one recovers the job.
  await until(await submit({ task: 'die', payload: 'kill', attempts: 1 }), 'failed');
}

/** Jobs that wait, and are changed, held, cancelled and expired there. */
async function waitingJobs({ call, submit, until }: Client): Promise<void> {
  const later = await submit({ task: 'echo', delay: '1h', priority: 'critical' });
  await call('PATCH', `/jobs/${later}`, { payload: 2, delay: '2h' });
  await call('GET', '/queues/default/jobs?status=scheduled');
  await call('PATCH', `/jobs/${later}`, { delay: 0 });
  await until(later, 'completed');
  await call('POST', '/queues/default/pause', { for: '1h' });
  const expiring = await submit({ task: 'echo', expiresIn: 1_000 });
  await submit({ task: 'echo', priority: 'low' });
  await call('GET', '/queues/default/jobs?status=queued');
  await call('DELETE', '/queues/default/jobs?status=queued&task=echo');
  await until(expiring, 'cancelled');
  const expired = await submit({ task: 'echo', expiresIn: 50 });
  await until(expired, 'expired');
  await call('POST', '/queues/default/resume');
  await until(await submit({ task: 'echo', delay: 300 }), 'completed');
}

/** Work over HTTP, with all that a worker reports. */
async function leases(client: Client): Promise<void> {
  const { call, submit } = client;
  const queue = 'by-http';
  await call('PUT', `/queues/${queue}/tasks/work`, { input: { type: 'integer' } });
  await call('GET', '/tasks');
  for (let payload = 0; payload < 5; payload += 1) await submit({ queue, task: 'work', payload });
  const { lease, jobs } = await take(client, { queues: [queue], max: 4, leaseMs: 10_000, tasks: ['work'] });
  const [first = '', second = '', third = '', fourth = ''] = jobs.map(({ id }) => id);
  await call('POST', `/leases/${lease}/heartbeat`);
  await call('POST', `/jobs/${first}/progress`, { lease, progress: 1 });
  await call('POST', `/jobs/${first}/checkpoint`, { lease, checkpoint: 1 });
  await call('POST', `/jobs/${first}/log`, { lease, log: 'a line' });
  await call('POST', `/jobs/${first}/complete`, { lease, result: 1 });
  await call('POST', `/jobs/${second}/fail`, { lease, error: { message: 'no' }, retryInMs: 1 });
  await call('POST', `/jobs/${third}/release`, { lease });
  await call('POST', `/leases/${lease}/settle?next=1`, { complete: [{ id: fourth, result: 1 }] });
  await call('GET', `/queues/${queue}/pending`);
  await call('GET', '/pending');
  await call('DELETE', `/queues/${queue}/tasks/work`);
}

/** A worker that takes a job and is not heard of again; another one gets the job. */
async function silentWorker(client: Client): Promise<void> {
  await client.submit({ queue: 'silent', task: 'work' });
  await takeOne(client, { queues: ['silent'], leaseMs: 1_000 });
  const { lease, job } = await takeOne(client, { queues: ['silent'] });
  await client.call('POST', `/jobs/${job.id}/complete`, { lease });
}

async function queues({ call, submit }: Client): Promise<void> {
  await call('PUT', '/queues/tour-limits', { maxJobs: 10, submitEvents: true });
  await submit({ queue: 'tour-limits', task: 'echo' });
  for (const path of ['', '/tour-limits', '/tour-limits/stats', '/tour-limits/history', '/default/stats']) {
    await call('GET', `/queues${path}`);
  }
  for (const status of ['completed', 'cancelled', 'running', 'retrying']) {
    await call('GET', `/queues/default/jobs?status=${status}`);
  }
  const workers = await call<{ items: { name: string }[] }>('GET', '/workers');
  await call('GET', `/workers/${encodeURIComponent(workers.items[0]?.name ?? '')}`);
  for (let jobs = 0; jobs < 3; jobs += 1) await submit({ queue: 'tour-gone', task: 'echo', delay: '1h' });
  await call('DELETE', '/queues/tour-gone?force=true');
  for (const path of ['/', '/livez', '/readyz', '/metrics', '/docs/json']) await call('GET', path);
}

async function schedules({ call, until }: Client): Promise<void> {
  const job = { task: 'echo', queue: 'default' };
  await call('PUT', '/schedules/often', { every: '1s', job });
  await call('PUT', '/schedules/nightly', { cron: '30 2 * * *', job: { ...job, queue: 'tour-nightly' } });
  await call('POST', '/schedules/preview', { cron: '30 2 * * *' });
  await call('GET', '/schedules/nightly/preview');
  await call('GET', '/schedules');
  const { id } = await call<Job>('POST', '/schedules/nightly/run');
  await until(id, 'completed');
  await call('POST', '/schedules/nightly/pause');
  await call('POST', '/schedules/nightly/resume');
  await call('PUT', '/schedules/nightly', { cron: '30 3 * * *', job });
  await fired(call);
  for (const name of ['often', 'nightly']) await call('DELETE', `/schedules/${name}`);
}

const fired = (call: Client['call']): Promise<unknown> =>
  until(async () => {
    const { lastSlot } = await call<{ lastSlot?: string }>('GET', '/schedules/often');
    return lastSlot !== undefined;
  }, 'the schedule has fired');

async function subscriptions({ call, submit, until }: Client): Promise<void> {
  const path = '/queues/default/subscriptions/billing';
  await call('PUT', path, { from: 'oldest', ackWaitMs: 100 });
  await until(await submit({ task: 'echo' }), 'completed');
  const { events } = await call<{ events: { id: string }[] }>('POST', `${path}/read`, { max: 3 });
  await call('POST', `${path}/ack`, { ids: events.slice(0, 1).map(({ id }) => id) });
  // The others come again.
  await call('POST', `${path}/read`, { max: 100, waitMs: 5_000 });
  await call('GET', path);
  await call('GET', '/queues/default/subscriptions');
  await call('DELETE', path);
}

async function keys({ call }: Client): Promise<void> {
  const { id } = await call<{ id: string }>('POST', '/keys', { name: 'tour', scopes: ['read'] });
  await call('GET', '/keys');
  await call('DELETE', `/keys/${id}`);
}
