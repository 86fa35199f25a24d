import { describe, expect, it } from 'vitest';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { type OpenStream, openStream } from '../../helpers/events/sse-client.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { type ApiProcess, startApiProcess } from '../../helpers/workers/built-processes.ts';

const EVENTS = 4_000;
const KILLS = 4;
const READERS = 200;

const redis = useRedis();
const api = useApi(redis);

const QUEUES = ['one', 'two', 'three'];

/** Writes events as moves do: entries of one to four of them, over three queues. */
async function write(from: number, to: number): Promise<void> {
  const pipeline = redis.client.pipeline();
  for (let i = from; i < to; ) {
    const refs = Array.from({ length: Math.min(1 + (i % 4), to - i) }, (_, k) => `n${i + k}-0`);
    const queue = QUEUES[i % 7 < 5 ? 0 : 1 + (i % 2)] ?? '';
    pipeline.xadd(queueKeys('mr', queue).events, '*', 'e', 'started', 'j', refs.join(' '));
    i += refs.length;
  }
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
}

/** A reader as an EventSource is one: whenever it is cut off it comes back with the last id that it got. */
class ReconnectingReader {
  readonly seen: string[] = [];
  connections = 0;
  #lastId: string | undefined;
  #stream: OpenStream | undefined;
  #isClosed = false;
  readonly #run: Promise<void>;

  constructor(origin: string, path: string) {
    this.#run = this.#read(origin, path);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stream?.close();
    await this.#run;
  }

  async #read(origin: string, path: string): Promise<void> {
    while (!this.#isClosed) {
      try {
        const onMessage = ({ type, data }: { type: string; data: Record<string, unknown> }) =>
          this.seen.push(type === 'started' ? String(data['job']) : type);
        const stream = await openStream(origin, path, { lastEventId: this.#lastId, onMessage });
        this.#stream = stream;
        this.connections += 1;
        await stream.ended;
        this.#lastId = stream.parser.lastId || this.#lastId;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

describe('readers with Last-Event-ID', () => {
  it(`see each of ${EVENTS} events once, in order, though the API is killed ${KILLS} times`, async () => {
    await redis.client.sadd('mr:queues', ...QUEUES);
    const reaper = createOrphanReaper();
    let process: ApiProcess = await startApiProcess(redis.url, reaper);
    const readers = ['/queues/one/events', '/events'].map(
      (path) => new ReconnectingReader(process.origin, path),
    );
    await until(() => readers.every(({ connections }) => connections > 0), 'both readers');
    // So that they have an id to come back with.
    await write(0, 10);
    await until(() => readers.every(({ seen }) => seen.length > 0), 'a first event');
    const port = process.port;
    const writing = { at: 10, isDone: false };
    const writer = (async () => {
      while (writing.at < EVENTS) {
        const to = Math.min(writing.at + 20, EVENTS);
        await write(writing.at, to);
        writing.at = to;
        // So that the kills come all along.
        if (writing.at < EVENTS)
          await until(() => kills >= Math.floor((writing.at * KILLS) / EVENTS), 'a kill');
      }
    })();
    let kills = 0;
    for (; kills < KILLS; ) {
      const before = readers.map(({ connections }) => connections);
      process.child.signal('SIGKILL');
      await process.child.exited;
      kills += 1;
      process = await startApiProcess(redis.url, reaper, {}, port);
      await until(
        () => readers.every(({ connections }, i) => connections > (before[i] ?? 0)),
        'readers that came back',
      );
    }
    await writer;
    const expected = await Promise.all(QUEUES.map(jobsOf));
    const [one, all] = readers;
    const counts = [expected[0]?.length ?? 0, EVENTS];
    await until(
      () => readers.every(({ seen }, i) => seen.length >= (counts[i] ?? 0)),
      'all events for both readers',
    );
    for (const reader of readers) await reader.close();
    await process.stop();
    expect(one?.seen).toEqual(expected[0]);
    expect(all?.seen).toHaveLength(EVENTS);
    // Numbers are written in turn by one writer; each queue's are in order, and none is there twice.
    for (const [i, queue] of QUEUES.entries()) {
      expect(all?.seen.filter((job) => job.startsWith(`${queue}~`))).toEqual(expected[i]);
    }
    expect(readers.every(({ connections }) => connections > KILLS)).toBe(true);
  });
});

async function jobsOf(queue: string): Promise<string[]> {
  const entries = await redis.client.xrange(queueKeys('mr', queue).events, '-', '+');
  return entries.flatMap(([, fields]) =>
    (fields[3] ?? '')
      .split(' ')
      .map((ref) => `${queue}~n${Number.parseInt(ref.slice(1), 10).toString(36)}-0`),
  );
}

describe(`${READERS} readers at once`, () => {
  it('all get every event, over the three connections of the service', async () => {
    await redis.client.sadd('mr:queues', 'crowd');
    const streams = await Promise.all(
      Array.from({ length: READERS }, () => openStream(api.origin, '/queues/crowd/events')),
    );
    await redis.client.xadd(queueKeys('mr', 'crowd').events, '*', 'e', 'started', 'j', 'n1-0 n2-0');
    await Promise.all(streams.map((stream) => stream.count(2)));
    const clients = String(await redis.client.client('LIST'));
    expect(clients.split('\n').filter((line) => line.includes('name=millrace-api'))).toHaveLength(3);
    for (const stream of streams) {
      expect(stream.messages).toEqual(streams[0]?.messages);
      stream.close();
    }
  });
});
