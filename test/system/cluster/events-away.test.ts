import { afterEach, expect, it } from 'vitest';
import { slotOf } from '../../../src/redis/cluster/slots.ts';
import { queueKeys, queuesKey } from '../../../src/redis/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { until } from '../../helpers/redis/server.ts';

/** Their slots are at all three primaries. */
const QUEUES = ['q0', 'q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7'];
/** Longer than the API waits for an answer of Redis. */
const AWAY_MS = 2_500;

const cluster = useCluster();
const api = useApi(cluster);

const indexOf = (key: string) => Math.floor((slotOf(key) * 3) / 16_384);
/** A primary without the list of all queues. */
const HUNG = (indexOf(queuesKey('mr')) + 1) % 3;
const isHung = (queue: string) => indexOf(queueKeys('mr', queue).events) === HUNG;
const signal = (name: 'SIGSTOP' | 'SIGCONT') => process.kill(cluster.primaries[HUNG]?.server.pid ?? 0, name);
afterEach(() => signal('SIGCONT'));

interface ReadEvent {
  readonly id: string;
  readonly job: string;
}

/** Reads the events of all queues until it is stopped. */
async function readAll(): Promise<{ events: ReadEvent[]; stop: () => void }> {
  const stopping = new AbortController();
  const headers = { accept: 'application/x-ndjson' };
  const answer = await fetch(`${api.origin}/events?type=cancelled`, { headers, signal: stopping.signal });
  const events: ReadEvent[] = [];
  const read = async () => {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of answer.body ?? []) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const message = line === '' ? {} : (JSON.parse(line) as { type?: string });
        if (message.type === 'cancelled') events.push(message as unknown as ReadEvent);
      }
    }
  };
  void read().catch(() => undefined);
  return { events, stop: () => stopping.abort() };
}

/** Its event is written by the cancel. Returns the id. */
async function submitDelayed(queue: string): Promise<string> {
  return (await api.submit({ task: 'echo', queue, delay: '1h' })).id;
}

const cancel = async (ids: readonly string[]) => {
  for (const id of ids) await api.http.post(`/jobs/${id}/cancel`).expect(200);
};

/** The time and the number within it of the entry of an event. */
const entryOf = ({ id }: ReadEvent): [number, number] => {
  const [ms = 0, seq = 0] = id.split('-').map((part) => Number.parseInt(part, 10));
  return [ms, seq];
};

it('the stream of all queues waits for a primary that hangs, then tells every event in its order; a new one is refused', async () => {
  const jobs = await Promise.all([...QUEUES, ...QUEUES, ...QUEUES].map(submitDelayed));
  const [first, second, third] = [jobs.slice(0, 8), jobs.slice(8, 16), jobs.slice(16)];
  const reader = await readAll();
  await cancel(first);
  await until(() => reader.events.length === first.length, 'the events before');
  signal('SIGSTOP');
  const others = second.filter((_, i) => !isHung(QUEUES[i] ?? ''));
  await cancel(others);
  await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
  const meanwhile = reader.events.length - first.length;
  const opened = await fetch(`${api.origin}/events`);
  signal('SIGCONT');
  const rest = second.filter((id) => !others.includes(id));
  await until(
    () =>
      cancel([...rest, ...third]).then(
        () => true,
        () => false,
      ),
    'cancels at the primary that is back',
  );
  await until(() => reader.events.length >= jobs.length, 'all events');
  reader.stop();
  expect(meanwhile).toBe(0);
  expect(opened.status).toBe(503);
  expect(reader.events.map(({ job }) => job).sort()).toEqual([...jobs].sort());
  const entries = reader.events.map(entryOf);
  expect(entries).toEqual([...entries].sort(([a, i], [b, j]) => a - b || i - j));
});
