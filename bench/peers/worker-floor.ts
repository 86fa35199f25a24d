import { Redis } from 'ioredis';
import { serveUntilStopped, workerSettings } from './life.ts';

/**
 * What ioredis can do at most with a stream: reads of as many entries as the concurrency, then one pipeline that
 * acknowledges, stores a result and deletes the entry. No fencing, no retries, no events, no recovery.
 */
const { socketPath, queue, concurrency, handle } = workerSettings();
const BLOCK_MS = 500;
const redis = new Redis({ path: socketPath });
const group = 'workers';
await redis.xgroup('CREATE', queue, group, '0', 'MKSTREAM');
let isStopping = false;

async function finish(entries: readonly [string, string[] | null][]): Promise<void> {
  const pipeline = redis.pipeline();
  for (const [id, fields] of entries) {
    const result = handle(JSON.parse(fields?.[1] ?? 'null'), 1);
    pipeline.xack(queue, group, id);
    pipeline.set(`${queue}:result:${id}`, JSON.stringify(result ?? null));
    // Last: the length of the stream then tells how many results are not there yet.
    pipeline.xdel(queue, id);
  }
  await pipeline.exec();
}

async function loop(): Promise<void> {
  while (!isStopping) {
    const reply = await redis.xreadgroup(
      'GROUP',
      group,
      'one',
      'COUNT',
      concurrency,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      queue,
      '>',
    );
    for (const [, entries] of reply ?? []) await finish(entries);
  }
}

const running = loop();
serveUntilStopped(() => {
  isStopping = true;
  return running;
});
