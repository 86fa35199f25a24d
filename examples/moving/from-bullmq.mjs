// Moves what waits in a queue of BullMQ (5.16 or newer) to Millrace: job schedulers, then delayed and waiting jobs.
// Usage: node from-bullmq.mjs QUEUE. Stop its workers first. Run it again after a break: nothing is stored twice.
// BULLMQ_REDIS_URL and BULLMQ_PREFIX say where BullMQ's jobs are, MILLRACE_URL and MILLRACE_KEY where they go.
import { Queue } from 'bullmq';
import { Millrace, MillraceError } from 'millrace/client';

const PAGE = 100;
const [name] = process.argv.slice(2);
if (name === undefined) throw new Error('Usage: node from-bullmq.mjs QUEUE');

const { BULLMQ_REDIS_URL: url = 'redis://127.0.0.1:6379', BULLMQ_PREFIX: prefix = 'bull' } = process.env;
const old = new Queue(name, { connection: { url }, prefix });
const mr = new Millrace();

/** BullMQ tries a job once and retries it at once, unless its options say otherwise. */
function retries({ attempts = 1, backoff }, attemptsMade = 0) {
  const { type, delay = 0 } =
    typeof backoff === 'number' ? { type: 'fixed', delay: backoff } : (backoff ?? {});
  return {
    attempts: Math.max(1, attempts - attemptsMade),
    // A strategy of your own has no counterpart: such a job waits as long as its task says.
    ...(type === undefined || type === 'fixed' ? { backoff: { type: 'fixed', delay, jitter: 0 } } : {}),
    ...(type === 'exponential' ? { backoff: { type, delay, jitter: 0 } } : {}),
  };
}

/** BullMQ runs jobs without a priority before those with one. */
const priority = (number = 0) => (number === 0 ? 'normal' : 'low');

async function moveSchedulers() {
  const schedulers = await old.getJobSchedulers(0, -1, true);
  for (const { key, name: task, pattern, tz, every, limit, iterationCount = 0, ...rest } of schedulers) {
    const { next, endDate, template = {} } = rest;
    const time = (ms) => (ms === undefined ? undefined : new Date(Number(ms)).toISOString());
    const job = { task, queue: name, payload: template.data, ...retries(template.opts ?? {}) };
    await mr.schedules.put(key, {
      ...(every ? { every: Number(every), startAt: time(next) } : { cron: pattern, timeZone: tz }),
      endAt: time(endDate),
      maxRuns: limit === undefined ? undefined : limit - iterationCount,
      job: { ...job, priority: priority(template.opts?.priority) },
    });
    await old.removeJobScheduler(key);
  }
  return schedulers.length;
}

/** Stores a job, and only then removes the old one: a break in between is mended by the idempotency key. */
async function move(job, isDelayed) {
  const due = job.timestamp + job.delay;
  const options = {
    queue: name,
    priority: priority(job.opts.priority),
    metadata: { bullmqId: job.id },
    ...(isDelayed && due > Date.now() ? { runAt: new Date(due).toISOString() } : {}),
    ...retries(job.opts, job.attemptsMade),
    idempotencyKey: `bullmq:${encodeURIComponent(name)}:${encodeURIComponent(job.id)}`,
  };
  try {
    await mr.submit(job.name, job.data, options);
  } catch (error) {
    // Stored before the break, with a time that has passed since.
    if (error.code !== 'idempotency-mismatch') throw error;
  }
  await job.remove();
}

/** Why a job stays where it is; undefined when it has been moved. */
async function reasonToStay(job, isDelayed) {
  if (job.parentKey !== undefined) return 'it belongs to a flow';
  try {
    await move(job, isDelayed);
    return undefined;
  } catch (error) {
    if (!(error instanceof MillraceError) || ![400, 413, 422].includes(error.status)) throw error;
    const faults = (error.problem?.errors ?? []).map(({ pointer, detail }) => `${pointer}: ${detail}`);
    return faults.length > 0 ? faults.join('; ') : error.detail;
  }
}

async function moveJobs(type) {
  let moved = 0;
  let stayed = 0;
  for (;;) {
    // What is moved leaves the list, so the next page begins after the jobs that stay.
    const jobs = await old.getJobs(type, stayed, stayed + PAGE - 1, true);
    if (jobs.length === 0) break;
    for (const job of jobs) {
      const reason = await reasonToStay(job, type === 'delayed');
      if (reason === undefined) moved += 1;
      else {
        stayed += 1;
        console.error(`Job ${job.id} stays: ${reason}`);
      }
    }
  }
  console.log(`${type}: ${moved} moved, ${stayed} left`);
  return stayed;
}

try {
  await old.pause();
  const running = await old.getActiveCount();
  if (running > 0)
    throw new Error(`${running} jobs run. Let the workers of ${name} end, then run this again.`);
  console.log(`schedulers: ${await moveSchedulers()} moved`);
  let stayed = 0;
  for (const type of ['delayed', 'waiting', 'prioritized']) stayed += await moveJobs(type);
  process.exitCode = stayed === 0 ? 0 : 1;
} finally {
  await old.close();
}
