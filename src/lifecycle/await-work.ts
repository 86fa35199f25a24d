import { GROUP, lanes, PLACES, type Place, type QueueKeys } from '../redis/keys.ts';
import type { StreamEntries, StreamReader } from '../redis/reads/stream-reader.ts';

export type Awaited =
  | { kind: 'job'; keys: QueueKeys; place: Place; entryId: string; fields: string[] }
  | { kind: 'token'; keys: QueueKeys; token: string }
  | { kind: 'nothing' };

export interface AwaitedQueue {
  readonly keys: QueueKeys;
  /** The queue is paused or at its limit: only its tokens are read. */
  readonly hearsOnlyWake: boolean;
}

/** Hears of the reads of some of the queues: of all of them together, in a Cluster of those of each slot. */
export interface ReadListener<Queue extends AwaitedQueue> {
  onSent?(queues: readonly Queue[]): void;
  onReply?(queues: readonly Queue[]): void;
  /** Gets what comes between two calls, in a Cluster. */
  onEarly?(found: Awaited[]): void;
}

/**
 * Blocks until a lane of one of the queues delivers a job, a wake token comes, or `blockMs` have passed.
 */
export async function awaitWork<Queue extends AwaitedQueue>(
  reader: StreamReader,
  consumer: string,
  queues: readonly Queue[],
  blockMs: number,
  listener: ReadListener<Queue> = {},
): Promise<Awaited[]> {
  const streams = queues.flatMap(({ keys, hearsOnlyWake }) =>
    hearsOnlyWake ? [keys.wake] : [...lanes(keys), keys.wake],
  );
  const toFound = (entries: StreamEntries): Awaited[] =>
    entries.flatMap(([stream, some]) =>
      some.map(([entryId, fields]) => toAwaited(queues, stream, entryId, fields ?? [])),
    );
  const reply = await reader.read({
    streams,
    blockMs: Math.max(1, Math.round(blockMs)),
    run: async (redis, some, ms) => {
      const read =
        some.length === streams.length ? queues : queues.filter(({ keys }) => some.includes(keys.wake));
      const news = some.map(() => '>');
      listener.onSent?.(read);
      const entries: StreamEntries | null =
        ms === 0
          ? await redis.xreadgroup('GROUP', GROUP, consumer, 'COUNT', 1, 'STREAMS', ...some, ...news)
          : await redis.xreadgroup(
              'GROUP',
              GROUP,
              consumer,
              'COUNT',
              1,
              'BLOCK',
              ms,
              'STREAMS',
              ...some,
              ...news,
            );
      listener.onReply?.(read);
      return entries;
    },
    onEarly: (entries) => listener.onEarly?.(toFound(entries)),
  });
  return toFound(reply);
}

function toAwaited(
  queues: readonly AwaitedQueue[],
  stream: string,
  entryId: string,
  fields: string[],
): Awaited {
  for (const { keys } of queues) {
    if (keys.wake === stream) return { kind: 'token', keys, token: entryId };
    const place = PLACES.find((candidate) => keys.stream[candidate] === stream);
    if (place !== undefined) return { kind: 'job', keys, place, entryId, fields };
  }
  return { kind: 'nothing' };
}
