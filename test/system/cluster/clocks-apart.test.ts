import { expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { type Message, openStream } from '../../helpers/events/sse-client.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';

/** How far the clock of each primary is ahead of that of the API. */
const CLOCKS_MS = [-150, 0, 150];
const APART_MS = 300;
/** Their slots are at all three primaries. */
const QUEUES = ['q0', 'q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7'];
const ROUNDS = 30;

const cluster = useCluster({ clocksMs: CLOCKS_MS });
const api = useApi(cluster);
useWorker(cluster, { QUEUES: QUEUES.join(','), CONCURRENCY: '20' });

/** Submits a job to each queue in turn and waits for each end. Returns the ids. */
async function runJobs(): Promise<string[]> {
  const ids: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const submit = (queue: string) => api.http.post('/jobs?wait=30').send({ task: 'echo', queue });
    const answers = await Promise.all(QUEUES.map(submit));
    expect(answers.map(({ body }) => body.status)).toEqual(QUEUES.map(() => 'completed'));
    ids.push(...answers.map(({ body }) => body.id));
  }
  return ids;
}

const entryOf = ({ id }: Message): [number, number] => {
  const [ms = 0, seq = 0] = id.split('-').map((part) => Number.parseInt(part, 10));
  return [ms, seq];
};

it('the primaries have clocks that differ', async () => {
  const times = await Promise.all(cluster.primaries.map(({ client }) => client.time()));
  const [behind = 0, , ahead = 0] = times.map(([s, us]) => Number(s) * 1000 + Number(us) / 1000);
  expect(ahead - behind).toBeGreaterThan(APART_MS / 2);
});

it('the stream of all queues tells each event once, in order, once every clock has reached its time, and resumes anywhere', async () => {
  const early: Message[] = [];
  const stream = await openStream(api.origin, '/events?type=completed', {
    onMessage: (message) => {
      if (Date.now() + Math.min(...CLOCKS_MS) < entryOf(message)[0]) early.push(message);
    },
  });
  const ids = await runJobs();
  const told = await stream.count(ids.length);
  stream.close();
  expect(told.map(({ data }) => data['job']).sort()).toEqual([...ids].sort());
  const entries = told.map(entryOf);
  expect(entries).toEqual([...entries].sort(([a, i], [b, j]) => a - b || i - j));
  expect(early).toEqual([]);

  for (const at of [0, Math.floor(told.length / 2), told.length - 2]) {
    const resumed = await openStream(api.origin, '/events?type=completed', { lastEventId: told[at]?.id });
    const rest = await resumed.count(told.length - at - 1);
    resumed.close();
    expect(rest.map(({ data }) => data['job'])).toEqual(told.slice(at + 1).map(({ data }) => data['job']));
  }
});

it('a delay is as long as it was asked for, whatever the clock of the primary', async () => {
  const submitted = performance.now();
  const submit = async (queue: string) => {
    const { body } = await api.http.post('/jobs?wait=30').send({ task: 'echo', queue, delay: '700ms' });
    return { queue, status: body.status, isEarly: performance.now() - submitted < 700 };
  };
  const ended = await Promise.all(QUEUES.map(submit));
  expect(ended).toEqual(QUEUES.map((queue) => ({ queue, status: 'completed', isEarly: false })));
});
