import { readFileSync } from 'node:fs';
import { parseWorkerName } from '../../../src/lifecycle/consumer-name.ts';
import { GROUP, inOrder } from '../../../src/redis/keys.ts';
import type { QueueStats } from '../../../src/schemas/queue.ts';
import { until } from '../../helpers/redis/server.ts';
import type { Clients } from './clients.ts';
import { type Cluster, QUEUE } from './cluster.ts';
import type { Evidence, Fault } from './oracle.ts';
import type { LogLine } from './process.ts';

const MAP = readFileSync(new URL('../../../src/README.md', import.meta.url), 'utf8');

/** Waits until all jobs have ended and all is at rest, as far as it comes to that, and collects what is to be judged. */
export async function collect(
  cluster: Cluster,
  clients: Clients,
  faults: readonly Fault[],
): Promise<Evidence> {
  const finals = await clients.finals();
  // A worker that starts has leases before it says whose they are.
  await until(() => cluster.workers.every(({ ready }) => ready), 'workers that are ready');
  // A place that does not come to rest is for the oracle to say.
  await until(async () => total(await leftovers(cluster)) === 0, 'rest').catch(() => undefined);
  return {
    accepted: [...clients.accepted.values()],
    finals,
    executions: cluster.journal.executions,
    faults,
    stats: await stats(cluster),
    leftovers: await leftovers(cluster),
    unknownKeys: (await cluster.client.keys('*')).filter((key) => !isDocumented(key)),
    defects: cluster.complaints.filter(isDefect).map((line) => JSON.stringify(line)),
  };
}

/** The queue, counted now. */
const stats = (cluster: Cluster): Promise<QueueStats> =>
  until(async () => {
    const answer = await fetch(`${cluster.origins[0]}/queues/${QUEUE}/stats`).catch(() => undefined);
    return answer?.ok === true && ((await answer.json()) as QueueStats);
  }, 'stats');

const total = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** What is in the places that are empty when nothing is to be done, and leases of processes that are gone. */
async function leftovers({ client, keys, handlerPids }: Cluster): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  const consumers = new Set<string>();
  for (const stream of inOrder(keys.stream)) {
    found[`${stream} (entries)`] = await client.xlen(stream);
    const [pending] = (await client.xpending(stream, GROUP)) as [number];
    found[`${stream} (pending)`] = pending;
    for (const name of await consumerNames(client, stream)) consumers.add(name);
  }
  for (const set of [keys.scheduled, ...inOrder(keys.due), ...inOrder(keys.dead)]) {
    found[set] = await client.zcard(set);
  }
  for (const set of [keys.holds, keys.runningKeys]) found[set] = await client.zcard(set);
  for (const hash of [keys.notes, keys.runsFor]) found[hash] = await client.hlen(hash);
  const leases = await client.zrange(keys.leases, '0', '-1');
  const isGone = (name: string) => !handlerPids.includes(parseWorkerName(name).pid ?? 0);
  found[`${keys.leases} (of processes that are gone)`] = leases.filter(isGone).length;
  found['consumers without a lease'] = [...consumers].filter((name) => !leases.includes(name)).length;
  return found;
}

async function consumerNames(client: Cluster['client'], stream: string): Promise<string[]> {
  const consumers = (await client.call('XINFO', 'CONSUMERS', stream, GROUP)) as unknown[];
  return consumers.map((one) => {
    const fields = Array.isArray(one) ? one : Object.entries(one as object).flat();
    return String(fields[fields.indexOf('name') + 1]);
  });
}

/** pino's number for an error. A worker that lost a child says so at this level; that is what chaos does. */
const ERROR = 50;

/** What the API says to who cannot wait for its stop, and it is loud about it: no defect. */
const SECOND_SIGTERM = 'second SIGTERM, exiting';

const isDefect = (line: LogLine): boolean =>
  line.msg === 'defect' ||
  line.level === undefined ||
  (line.level >= ERROR && line.msg !== 'child-lost' && line.msg !== SECOND_SIGTERM);

/** Names of keys in the first column of the table in the map of the code, with `<...>` for any text. */
const documented = [...MAP.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => {
    const pattern = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/<[^>]+>/g, '.+');
    return new RegExp(name.startsWith('mr:') ? `^${pattern}$` : `^mr:\\{${QUEUE}\\}:${pattern}$`);
  }),
);

export const isDocumented = (key: string): boolean => documented.some((pattern) => pattern.test(key));
