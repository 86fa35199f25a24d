import type { Connection } from '../redis/connection.ts';
import { GROUP, lanes, PLACES, type Place, type QueueKeys } from '../redis/keys.ts';

export type Awaited =
  | { kind: 'job'; keys: QueueKeys; place: Place; entryId: string; fields: string[] }
  | { kind: 'token'; keys: QueueKeys; token: string }
  | { kind: 'nothing' };

/**
 * Blocks until a lane of one of the queues delivers a job, a wake token comes, or `blockMs` have passed.
 * From a queue that is paused or at its limit it reads only the tokens.
 */
export async function awaitWork(
  redis: Connection,
  consumer: string,
  queues: readonly { keys: QueueKeys; hearsOnlyWake: boolean }[],
  blockMs: number,
): Promise<Awaited[]> {
  const streams = queues.flatMap(({ keys, hearsOnlyWake }) =>
    hearsOnlyWake ? [keys.wake] : [...lanes(keys), keys.wake],
  );
  const reply = await redis.xreadgroup(
    'GROUP',
    GROUP,
    consumer,
    'COUNT',
    1,
    'BLOCK',
    Math.max(1, Math.round(blockMs)),
    'STREAMS',
    ...streams,
    ...streams.map(() => '>'),
  );
  return (reply ?? []).flatMap(([stream, entries]) =>
    entries.map(([entryId, fields]): Awaited => toAwaited(queues, stream, entryId, fields ?? [])),
  );
}

function toAwaited(
  queues: readonly { keys: QueueKeys }[],
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
