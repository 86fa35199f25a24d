import type { TestRedis } from './server.ts';

/** Processes renew it by themselves. */
const isRenewed = (key: string): boolean => key.endsWith(':configurations');

/** Calls come into the audit a moment later, refused ones among them. */
const isAudit = (key: string): boolean => /:audit(-refused)?$/.test(key);

/** The serialised value of every key but the audit. Two dumps are equal if and only if nothing was written in between. */
export async function stored({ client }: TestRedis): Promise<Map<string, string>> {
  const keys = (await client.keys('*')).filter((key) => !isAudit(key));
  const dumps = await Promise.all(
    keys
      .sort()
      .map(
        async (key): Promise<[string, string]> => [
          key,
          isRenewed(key) ? '' : String((await client.dumpBuffer(key))?.toString('hex')),
        ],
      ),
  );
  return new Map(dumps);
}

/** The consumers of all streams of the queue. */
export async function consumersOf({ client }: TestRedis, queue: string): Promise<unknown[]> {
  const streams = ['lane:critical', 'lane:high', 'lane:normal', 'lane:low', 'parked'];
  const consumers = await Promise.all(
    streams.map((stream) => client.xinfo('CONSUMERS', `mr:{${queue}}:${stream}`, 'workers').catch(() => [])),
  );
  return consumers.flat();
}
