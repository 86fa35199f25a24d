import { afterAll, beforeAll } from 'vitest';
import { WorkWatch } from '../../../src/leases/take/work-watch.ts';
import { connectForBlocking, whenReady } from '../../../src/redis/connect.ts';
import { BlockingReader } from '../../../src/redis/reads/blocking-reader.ts';
import { scripts } from '../../../src/scripts.ts';
import type { TestRedis } from '../redis/server.ts';

/** A watch with a blocking connection of its own, for the tests of one file. */
export function useWorkWatch(redis: TestRedis): { readonly watch: WorkWatch } {
  let watch: WorkWatch;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const blocking = connectForBlocking({ url: redis.url, name: 'test-polls', scripts });
    await whenReady(blocking, 10_000);
    watch = new WorkWatch(new BlockingReader(blocking, redis.client), redis.client);
    close = async () => {
      await watch.close();
      blocking.disconnect();
    };
  });
  afterAll(() => close());

  return {
    get watch() {
      return watch;
    },
  };
}
