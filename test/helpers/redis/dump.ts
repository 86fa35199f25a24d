import type { TestRedis } from './server.ts';

/** Everything that Redis holds, by key, as its own serialisation: equal if and only if nothing was stored. */
export async function stored({ client }: TestRedis): Promise<Map<string, string>> {
  const keys = await client.keys('*');
  const dumps = await Promise.all(
    keys
      .sort()
      .map(
        async (key): Promise<[string, string]> => [
          key,
          String((await client.dumpBuffer(key))?.toString('hex')),
        ],
      ),
  );
  return new Map(dumps);
}

/** The consumers that any stream of the queue knows. */
export async function consumersOf({ client }: TestRedis, queue: string): Promise<unknown[]> {
  const streams = ['lane:critical', 'lane:high', 'lane:normal', 'lane:low', 'parked'];
  const found = await Promise.all(
    streams.map((stream) => client.xinfo('CONSUMERS', `mr:{${queue}}:${stream}`, 'workers').catch(() => [])),
  );
  return found.flat();
}
