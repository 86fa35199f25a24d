import type { Operation } from './operations.ts';

/** What a request is about. */
export interface Target {
  readonly queue: string;
  readonly job: string;
  readonly schedule: string;
  readonly lease: string;
}

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

const SUBSCRIPTION = 'billing';
const TASK = 'echo';

/** Bodies that are valid, so that nothing but the key can be at fault. */
const BODIES: Readonly<Record<string, (target: Target) => unknown>> = {
  submitJob: ({ queue }) => ({ task: TASK, queue }),
  submitBatch: ({ queue }) => ({ jobs: [{ task: TASK, queue }] }),
  changeJob: () => ({ priority: 'high' }),
  rerunJob: () => ({}),
  takeJobs: ({ queue }) => ({ queues: [queue] }),
  renewLease: () => ({}),
  settleJobs: ({ job }) => ({ complete: [{ id: job }] }),
  completeJob: ({ lease }) => ({ lease }),
  failJob: ({ lease }) => ({ lease, error: { message: 'x' } }),
  releaseJob: ({ lease }) => ({ lease }),
  reportProgress: ({ lease }) => ({ lease, progress: 1 }),
  saveCheckpoint: ({ lease }) => ({ lease, checkpoint: 1 }),
  appendLog: ({ lease }) => ({ lease, log: ['x'] }),
  announceTask: () => ({}),
  configureQueue: () => ({ maxJobs: 1_000_000 }),
  retryDead: () => ({}),
  pauseQueue: () => ({}),
  putSchedule: ({ queue }) => ({ every: '1d', job: { task: TASK, queue } }),
  previewNewSchedule: () => ({ every: '1d' }),
  putSubscription: () => ({}),
  readSubscription: () => ({}),
  ackSubscription: () => ({ upTo: '1-0-1' }),
  createKey: () => ({ name: 'x', scopes: ['read:x'] }),
};

const QUERIES: Readonly<Record<string, string>> = {
  findJobs: '?idempotencyKey=k',
  cancelJobs: '?status=queued',
};

/** The request of an operation about a target. */
export function requestOf({ id, method, path }: Operation, target: Target): Sent {
  const isSchedule = path.startsWith('/schedules');
  const isKey = path.startsWith('/keys');
  const values: Readonly<Record<string, string>> = {
    id: isKey ? 'nokey' : isSchedule ? target.schedule : target.job,
    name: path.startsWith('/workers') ? 'nobody' : target.queue,
    sub: SUBSCRIPTION,
    task: TASK,
    lease: target.lease,
  };
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? name);
  const body = BODIES[id]?.(target);
  return { method, path: `${filled}${QUERIES[id] ?? ''}`, ...(body !== undefined && { body }) };
}

/** The answer to a request: a stream is not read. */
export async function ask(
  origin: string,
  { method, path, body }: Sent,
  key: string | undefined,
): Promise<{ status: number; text: string }> {
  const stop = new AbortController();
  const answer = await fetch(origin + path, {
    method,
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: stop.signal,
  });
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  const text = isStream ? '' : await answer.text();
  if (isStream) stop.abort();
  return { status: answer.status, text };
}
