/** The driver of the TypeScript client: ../README.md has the protocol. */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type EventsOptions,
  type Job,
  JobFailed,
  type JobOptions,
  type Listing,
  Millrace,
  MillraceError,
} from '../../../src/client/index.ts';
import { httpWorker, type ProgramWorker } from '../../../src/package/worker.ts';
import type { TaskContext } from '../../../src/tasks/types.ts';
import type { Call, Fault, Line, Op } from '../protocol.ts';

type Args = Call['args'];
type Handler = (args: Args, signal: AbortSignal, id: number) => Promise<unknown>;

let mr = new Millrace();
let connection: { url?: string; key?: string } = {};
let worker: ProgramWorker | undefined;

/** What a worker of this driver runs. */
const TASKS = {
  echo: (payload: unknown) => payload,
  fail: (payload: { name?: string } | null) => {
    throw Object.assign(new Error('it failed'), { name: payload?.name ?? 'Error' });
  },
  sleep: ({ ms }: { ms: number }, { signal }: TaskContext) => sleep(ms, null, { signal }),
  steps: (_payload: unknown, { progress, log, signal }: TaskContext) => {
    progress({ step: 1 });
    log('one step');
    // A worker sends reports a little later, and none for a job that has ended.
    return sleep(1_000, null, { signal });
  },
};
const running = new Map<number, AbortController>();

const write = (line: Line) => process.stdout.write(`${JSON.stringify(line)}\n`);

function faultOf(error: unknown, signal: AbortSignal): Fault {
  if (signal.aborted) return { code: 'aborted', status: 0, message: 'aborted' };
  if (!(error instanceof MillraceError)) return { code: 'defect', status: 0, message: String(error) };
  const { code, status, message, requestId, retryAfter } = error;
  return {
    code,
    status,
    message,
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(error instanceof JobFailed ? { job: error.job.data } : {}),
  };
}

async function all<T>(listing: Listing<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of listing) items.push(item);
  return items;
}

const text = (value: unknown): string => String(value);
const job = (args: Args): Promise<Job> => mr.get(text(args['id']));
const queue = (args: Args) => mr.queue(text(args['name']));
const dataOf = async (promise: Promise<Job>) => (await promise).data;
/** An argument of an op, in the form that the client wants: the scenarios see to it. */
const given = <T>(args: Args, name: string): T => args[name] as T;
const waitOf = (args: Args, signal: AbortSignal) => ({
  timeout: given<number>(args, 'timeoutMs') ?? 60_000,
  signal,
});

function messagesOf(args: Args, options: EventsOptions) {
  const { types, ...rest } = options;
  if (args['job'] !== undefined) return mr.get(text(args['job'])).then((one) => one.events(rest));
  const all = { ...rest, types };
  return args['queue'] === undefined ? mr.events(all) : mr.queue(text(args['queue'])).events(all);
}

/** Writes the messages until the stream ends, or until `unfollow`. */
async function follow(args: Args, id: number): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  running.set(id, controller);
  try {
    const options = {
      types: given<EventsOptions['types']>(args, 'types'),
      lastEventId: given<string>(args, 'lastEventId'),
    };
    for await (const message of await messagesOf(args, { ...options, signal }))
      write({ follow: id, message });
    write({ follow: id, end: null });
  } catch (error) {
    if (!signal.aborted) write({ follow: id, end: faultOf(error, signal) });
  }
}

const HANDLERS: Partial<Record<Op, Handler>> = {
  connect: async ({ url, key, tries }) => {
    connection = { url: text(url), ...(key === undefined ? {} : { key: text(key) }) };
    mr = new Millrace({ ...connection, ...(tries === undefined ? {} : { tries: Number(tries) }) });
  },
  work: async (args) => {
    const concurrency = given<number>(args, 'concurrency') ?? 1;
    worker = httpWorker({ ...connection, queues: [text(args['queue'])], tasks: TASKS, concurrency });
    await worker.ready;
  },
  'work.stop': async () => worker?.stop(),
  submit: (args, signal) =>
    dataOf(mr.submit(text(args['task']), args['payload'], { ...given<JobOptions>(args, 'options'), signal })),
  batch: ({ jobs, atomic }, signal) =>
    mr.batch(jobs as Parameters<Millrace['batch']>[0], { atomic: atomic === true, signal }),
  get: (args) => dataOf(job(args)),
  result: async (args, signal) => (await job(args)).result(waitOf(args, signal)),
  wait: async (args, signal) => dataOf((await job(args)).ended(waitOf(args, signal))),
  cancel: async (args) => dataOf((await job(args)).cancel()),
  retry: async (args) => dataOf((await job(args)).retry()),
  change: async (args) => {
    const read = await job(args);
    if (args['before'] !== undefined) await mr.job(read.id).change(given(args, 'before'));
    return dataOf(read.change(given(args, 'changes'), { ifUnchanged: args['ifUnchanged'] === true }));
  },
  rerun: async (args) => dataOf((await job(args)).rerun(given(args, 'changes'))),
  remove: async (args) => (await job(args)).remove(),
  logs: async (args) => (await job(args)).logs({ after: given<number>(args, 'after') ?? 0 }),
  find: (args) => all(mr.jobs(given(args, 'filter'))),
  abort: async (args) => running.get(given(args, 'call'))?.abort(),
  unfollow: async (args) => running.get(given(args, 'call'))?.abort(),
  follow: async (args, _signal, id) => void follow(args, id),
  'queue.get': (args) => queue(args).get(),
  'queue.stats': (args) => queue(args).stats(),
  'queue.pause': (args) => queue(args).pause({ for: given(args, 'for'), until: given(args, 'until') }),
  'queue.resume': (args) => queue(args).resume(),
  'queue.set': (args) => queue(args).set(given(args, 'settings')),
  'queue.remove': (args) => queue(args).remove(),
  'queue.jobs': (args) => all(queue(args).jobs(given(args, 'filter'))),
  'queue.history': (args) => all(queue(args).history(given(args, 'filter'))),
  'queue.keys': (args) => all(queue(args).keys(given(args, 'filter'))),
  'dead.list': (args) => all(queue(args).dead.list()),
  'dead.retry': (args) => queue(args).dead.retry(given(args, 'filter')),
  'dead.purge': (args) => queue(args).dead.purge(given(args, 'filter')),
  'schedules.put': (args) => mr.schedules.put(text(args['schedule']), given(args, 'definition')),
  'schedules.get': (args) => mr.schedules.get(text(args['schedule'])),
  'schedules.pause': (args) => mr.schedules.pause(text(args['schedule'])),
  'schedules.resume': (args) => mr.schedules.resume(text(args['schedule'])),
  'schedules.run': (args) => dataOf(mr.schedules.run(text(args['schedule']))),
  'schedules.remove': (args) => mr.schedules.remove(text(args['schedule'])),
  'schedules.preview': (args) =>
    mr.schedules.preview(given(args, 'definition') ?? text(args['schedule']), { n: given(args, 'n') }),
  'schedules.list': () => all(mr.schedules.list()),
  'keys.create': (args) => mr.keys.create({ name: text(args['name']), scopes: given(args, 'scopes') }),
  'keys.list': () => all(mr.keys.list()),
  'keys.revoke': (args) => mr.keys.revoke(text(args['key'])),
  'workers.list': () => all(mr.workers.list()),
  'tasks.list': () => all(mr.tasks()),
  'audit.list': () => all(mr.audit()),
  'subscriptions.put': (args) => queue(args).subscriptions.put(text(args['sub']), given(args, 'settings')),
  'subscriptions.read': (args) =>
    queue(args).subscriptions.read(text(args['sub']), { max: given(args, 'max') }),
  'subscriptions.ack': (args) =>
    queue(args).subscriptions.ack(text(args['sub']), { upTo: given(args, 'upTo') }),
};

async function answer({ id, op, args }: Call): Promise<void> {
  const handler = HANDLERS[op];
  if (handler === undefined) {
    return void write({ id, error: { code: 'no-such-op', status: 0, message: `${op} is not known` } });
  }
  const controller = new AbortController();
  running.set(id, controller);
  try {
    write({ id, ok: (await handler(args, controller.signal, id)) ?? null });
  } catch (error) {
    write({ id, error: faultOf(error, controller.signal) });
  }
}

write({ hello: 'typescript', ops: Object.keys(HANDLERS) });
createInterface({ input: process.stdin })
  .on('line', (line) => void answer(JSON.parse(line) as Call))
  .on('close', () => process.exit());
