import { queueKeys } from '../../../src/redis/keys.ts';
import { withBench } from './bench.ts';

/** `stream-node-max-entries` and `stream-node-max-bytes`; the first pair is Redis's own, the last is ours. */
export const SETTINGS: readonly (readonly [entries: number, bytes: number])[] = [
  [100, 4_096],
  [16, 4_096],
  [10, 4_096],
  [100, 1_024],
  [100, 512],
  [4, 1_024],
];

const WARM_UP = 20_000;
const JOBS = 200_000;
const LIVE_ONE_IN = 20;
/** 100 bytes of JSON. */
const PAYLOAD = 'x'.repeat(98);
const RESULT_TTL = '2s';

export interface NodeCost {
  /** Bytes of `used_memory` for each job of 100 bytes that waits in a full lane. */
  queued: number;
  /** For each job that waits to be tried again in an hour, when 19 of 20 of its neighbours are gone. */
  retrying: number;
  /** The part of it that its error and its due time take; the rest is the stream. */
  note: number;
}

/** What jobs cost in Redis at one setting of the size of stream nodes. */
export async function measureNodes(entries: number, bytes: number): Promise<NodeCost> {
  const settings = { 'stream-node-max-entries': String(entries), 'stream-node-max-bytes': String(bytes) };
  return withBench(settings, async ({ redis, submit, settled, usedMemory }) => {
    const echo = { task: 'echo', payload: PAYLOAD, resultTtl: RESULT_TTL };
    const retried = { task: 'fail', payload: { retryInMs: 3_600_000, padding: 'x'.repeat(66) } };
    const live = JOBS / LIVE_ONE_IN;
    await submit(WARM_UP, () => echo);
    await settled({ completed: WARM_UP, retried: 0 });
    const start = await usedMemory();

    await submit(JOBS, (index) => (index % LIVE_ONE_IN === 0 ? retried : echo));
    await settled({ completed: WARM_UP + JOBS - live, retried: live });
    const sparse = await usedMemory();
    const keys = queueKeys('mr', 'default');
    // Of a stream Redis only estimates it, by far too much for small nodes.
    const notes = await redis.memory('USAGE', keys.notes, 'SAMPLES', 0);
    const due = await redis.memory('USAGE', keys.due.normal, 'SAMPLES', 0);

    // A queue that no worker serves.
    await submit(JOBS, () => ({ queue: 'waiting', task: 'echo', payload: PAYLOAD }));
    return {
      queued: ((await usedMemory()) - sparse) / JOBS,
      retrying: (sparse - start) / live,
      note: (Number(notes) + Number(due)) / live,
    };
  });
}
