import { serveUntilStopped, workerSettings } from './life.ts';

/** Leases at a time: so that the API works on one while the jobs of another run. */
const LEASES = 3;
const WAIT_MS = 1_000;

interface Taken {
  lease: string;
  jobs: { id: string; payload: { i: number }; attempt: number }[];
}

// A worker that knows nothing but HTTP: takes, runs, settles and takes the next ones in one call.
const { handle, queue, concurrency } = workerSettings();
const { ORIGIN } = process.env;
if (ORIGIN === undefined) throw new Error('A worker over HTTP needs ORIGIN.');

async function post<T>(path: string, body: object): Promise<T> {
  const answer = await fetch(`${ORIGIN}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

let isStopped = false;

async function work(): Promise<void> {
  let taken: Taken | undefined;
  while (!isStopped || (taken !== undefined && taken.jobs.length > 0)) {
    if (taken === undefined || taken.jobs.length === 0) {
      taken = await post<Taken>('/leases', { queues: [queue], max: concurrency, waitMs: WAIT_MS });
      continue;
    }
    const complete = [];
    for (const { id, payload, attempt } of taken.jobs) {
      complete.push({ id, result: await handle(payload, attempt) });
    }
    const next = isStopped ? 0 : concurrency;
    const settled: Partial<Taken> = await post(`/leases/${taken.lease}/settle?next=${next}`, { complete });
    taken = { lease: settled.lease ?? taken.lease, jobs: settled.jobs ?? [] };
  }
}

const working = Array.from({ length: LEASES }, work);
serveUntilStopped(() => {
  isStopped = true;
  return Promise.all(working);
});
