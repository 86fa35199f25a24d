import { setTimeout as sleep } from 'node:timers/promises';
import work from './tasks/work.mjs';

/**
 * A worker over HTTP that any of its APIs may serve, and that repeats every call until it is answered. It settles what
 * a lease holds at once, or in two parts, either of which takes the next jobs. Environment:
 * ORIGINS and QUEUE (comma separated), LEASE_MS, BATCH (jobs at a time in one lease), LEASES (leases at a time).
 */
const { ORIGINS = '', QUEUE = '', LEASE_MS = '2000', BATCH = '4', LEASES = '3' } = process.env;
const origins = ORIGINS.split(',');
const leaseMs = Number(LEASE_MS);
const max = Number(BATCH);
const worker = `chaos-${process.pid}@local`;
const PAUSE_MS = 50;
const DEADLINE_MS = 5_000;
/** Of the leases, how many are settled in two parts. */
const IN_PARTS = 0.3;

/** The answer of whichever API gives one. */
async function call(path, body, deadlineMs = DEADLINE_MS) {
  for (let i = process.pid; ; i += 1) {
    try {
      const answer = await fetch(`${origins[i % origins.length]}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(deadlineMs),
      });
      const text = await answer.text();
      if (answer.status < 500) return { status: answer.status, body: JSON.parse(text) };
    } catch {
      // It was killed, or stops.
    }
    await sleep(PAUSE_MS);
  }
}

/** Runs a job; what is to be said of it. */
async function run(job, lease, signal) {
  const ctx = { job: { id: job.id, attempt: job.attempt, lease: lease.split('~', 1)[0] }, signal };
  try {
    return { complete: { id: job.id, result: await work.handler(job.payload, ctx) } };
  } catch (error) {
    return { fail: { id: job.id, error: { message: error.message } } };
  }
}

/** Runs the jobs of a lease while that is renewed, settles them, and takes the next ones. */
async function serve({ lease, jobs }) {
  const lost = new AbortController();
  const timer = setInterval(async () => {
    const { status } = await call(`/leases/${lease}/heartbeat`, {}, leaseMs / 4);
    if (status === 409) lost.abort({ abortCause: 'lease-lost' });
  }, leaseMs / 4);
  const said = await Promise.all(jobs.map((job) => run(job, lease, lost.signal)));
  const parts = said.length > 1 && Math.random() < IN_PARTS ? halves(said) : [said];
  const taking = Math.floor(Math.random() * parts.length);
  let taken = { jobs: [] };
  for (const [i, part] of parts.entries()) {
    const next = i === taking ? `?next=${max}` : '';
    const settled = await call(`/leases/${lease}/settle${next}`, bodyOf(part));
    if (i === taking) taken = settled.body;
  }
  clearInterval(timer);
  return taken;
}

const halves = (list) => [list.slice(0, list.length >> 1), list.slice(list.length >> 1)];

const bodyOf = (said) => ({
  complete: said.flatMap(({ complete }) => complete ?? []),
  fail: said.flatMap(({ fail }) => fail ?? []),
});

async function keepWorking() {
  for (;;) {
    let taken = (await call('/leases', { queues: QUEUE.split(','), max, waitMs: 1_000, leaseMs, worker }))
      .body;
    while (taken.jobs.length > 0) taken = await serve(taken);
  }
}

console.log(JSON.stringify({ level: 30, msg: 'ready' }));
for (let i = 0; i < Number(LEASES); i += 1) void keepWorking();
