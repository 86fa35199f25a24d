/**
 * What a Cluster of three primaries (`PRIMARIES`) costs beside one Redis. Run it with `npx tsx bench/cluster/main.ts [name]` once
 * `npm run build` has been run; a name chooses one measurement. Each prints a line of JSON. Both take turns, in `ROUNDS` rounds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { requestBytes } from '../load/http.ts';
import { percentiles } from '../load/percentiles.ts';
import { ratioOf, spreadOf } from '../stats.ts';
import { onSite, type Site, type Topology, type Used } from './site.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const TOPOLOGIES: readonly Topology[] = ['one', 'cluster'];
const TICK_MS = 5;
const WARM_UP_MS = 1_000;
const REST_MS = 1_500;
const RUN_MS = 5_000;
const IDLE_MS = 30_000;
const WAITS = 600;

const queuesOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `q${i}`);

const submit = (queue: string, path = '/jobs') =>
  requestBytes({
    method: 'POST',
    path,
    contentType: 'application/json',
    body: JSON.stringify({ task: 'echo', queue, payload: 1 }),
  });

/** What was used for each job between two moments. `idle`: CPU of Redis in a second without jobs, us. */
function perJob(from: Used, to: Used, jobs: number, idleUs = 0) {
  const redisUs = to.redisUs.map((us, i) => (us - (from.redisUs[i] ?? 0)) / jobs);
  const calls = [...to.calls].map(([name, count]): [string, number] => [
    name,
    (count - (from.calls.get(name) ?? 0)) / jobs,
  ]);
  return {
    redisUs: redisUs.reduce((sum, us) => sum + us, 0),
    jobsUs: redisUs.reduce((sum, us) => sum + us, 0) - (idleUs * (to.at - from.at)) / 1_000 / jobs,
    primaries: redisUs,
    commands: (to.commands - from.commands) / jobs,
    workerUs: (to.workerUs - from.workerUs) / jobs,
    calls: Object.fromEntries(calls.filter(([, count]) => count >= 0.005)),
  };
}

type Cost = ReturnType<typeof perJob> & { readonly idleUs: number };

/** Sends `rate` jobs a second to all queues in turn. Returns how many. */
async function load(site: Site, queues: readonly string[], rate: number, ms: number): Promise<number> {
  const requests = queues.map((queue) => submit(queue));
  const answers: Promise<{ status: number }>[] = [];
  const from = performance.now();
  for (let elapsed = 0; elapsed < ms; elapsed = performance.now() - from) {
    const due = Math.floor((elapsed * rate) / 1_000);
    while (answers.length < due) {
      // Any order in which no queue comes twice in a row.
      const request = requests[(answers.length * 37) % requests.length];
      if (request !== undefined) answers.push(site.pool.send(request));
    }
    await sleep(TICK_MS);
  }
  const refused = (await Promise.all(answers)).filter(({ status }) => status !== 202);
  if (refused.length > 0) throw new Error(`${refused.length} jobs were refused`);
  return answers.length;
}

/** Jobs that come one by one to a worker that is mostly idle. */
const steady =
  (queues: readonly string[], processes: number, concurrency: number, rate: number) => (topology: Topology) =>
    onSite({ topology, queues, processes, concurrency }, async (site) => {
      const warm = await load(site, queues, rate, WARM_UP_MS);
      await site.untilCompleted(warm);
      const rest = await site.used();
      await sleep(REST_MS);
      const from = await site.used();
      const idle = perJob(rest, from, (from.at - rest.at) / 1_000);
      const jobs = await load(site, queues, rate, RUN_MS);
      await site.untilCompleted(warm + jobs);
      return { ...perJob(from, await site.used(), jobs, idle.redisUs), idleUs: idle.redisUs };
    });

/** Jobs that come faster than they can be done. */
const flood =
  (queues: readonly string[], processes: number, concurrency: number, each: number) => (topology: Topology) =>
    onSite({ topology, queues, processes, concurrency }, async (site) => {
      await sleep(WARM_UP_MS);
      const rest = await site.used();
      await sleep(REST_MS);
      const from = await site.used();
      const idle = perJob(rest, from, (from.at - rest.at) / 1_000);
      for (const queue of queues) {
        const pipeline = site.redis.pipeline();
        const stream = site.keys(queue).stream.normal;
        for (let i = 0; i < each; i += 1) pipeline.xadd(stream, '*', 't', 'echo', 'p', '1', 'o', '');
        await pipeline.exec();
      }
      await site.untilCompleted(queues.length * each);
      return { ...perJob(from, await site.used(), queues.length * each, idle.redisUs), idleUs: idle.redisUs };
    });

/** Medians for both, and the medians of the ratios within the rounds. */
async function compare(measure: (topology: Topology) => Promise<Cost>) {
  const rounds: Record<Topology, Cost[]> = { one: [], cluster: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const order = round % 2 === 0 ? TOPOLOGIES : [...TOPOLOGIES].reverse();
    for (const topology of order) {
      const cost = await measure(topology);
      rounds[topology].push(cost);
      console.error(JSON.stringify({ round, topology, ...cost }));
    }
  }
  const median = (topology: Topology, figure: (cost: Cost) => number) =>
    spreadOf(rounds[topology].map(figure)).median;
  const ratio = (figure: (cost: Cost) => number) =>
    ratioOf(rounds.cluster.map(figure), rounds.one.map(figure));
  const figures = (topology: Topology) => ({
    redisUs: median(topology, ({ redisUs }) => redisUs),
    jobsUs: median(topology, ({ jobsUs }) => jobsUs),
    idleUs: median(topology, ({ idleUs }) => idleUs),
    commands: median(topology, ({ commands }) => commands),
    workerUs: median(topology, ({ workerUs }) => workerUs),
    calls: rounds[topology].at(-1)?.calls,
  });
  const spread = ({ primaries }: Cost) => Math.max(...primaries) / Math.min(...primaries);
  return {
    one: figures('one'),
    cluster: { ...figures('cluster'), primaries: rounds.cluster.map(({ primaries }) => primaries) },
    ratios: {
      redis: ratio(({ redisUs }) => redisUs),
      redisWithoutIdle: ratio(({ jobsUs }) => jobsUs),
      commands: ratio(({ commands }) => commands),
      worker: ratio(({ workerUs }) => workerUs),
      mostToLeastUsedPrimary: spreadOf(rounds.cluster.map(spread)),
    },
  };
}

/** Commands a second, and us of Redis a second, while nothing happens. */
async function idle() {
  const found: Record<string, object> = {};
  for (const count of [1, 12, 64, 100]) {
    for (const topology of TOPOLOGIES) {
      const queues = queuesOf(count);
      found[`${topology}-${count}`] = await onSite(
        { topology, queues, processes: 1, concurrency: 10 },
        async (site) => {
          await sleep(WARM_UP_MS);
          const from = await site.used();
          await sleep(IDLE_MS);
          return perJob(from, await site.used(), IDLE_MS / 1_000);
        },
      );
    }
  }
  return found;
}

/** How long requests with `?wait` take that come one by one to an idle worker, ms. */
async function waits() {
  const found: Record<string, object> = {};
  const queues = queuesOf(12);
  for (const topology of TOPOLOGIES) {
    found[topology] = await onSite({ topology, queues, processes: 1, concurrency: 10 }, async (site) => {
      const took: number[] = [];
      for (let i = 0; i < WAITS; i += 1) {
        const at = performance.now();
        const { status } = await site.pool.send(submit(queues[i % queues.length] ?? '', '/jobs?wait=10'));
        if (status !== 200) throw new Error(`${status} instead of 200`);
        took.push(performance.now() - at);
        await sleep(10 * Math.random());
      }
      return { ...percentiles(took), first: took.slice(0, queues.length), most: Math.max(...took) };
    });
  }
  return found;
}

const MEASUREMENTS: Readonly<Record<string, () => Promise<object>>> = {
  steady: () => compare(steady(queuesOf(100), 2, 50, 600)),
  steady12: () => compare(steady(queuesOf(12), 2, 10, 600)),
  flood: () => compare(flood(queuesOf(100), 2, 50, 400)),
  idle,
  waits,
};

for (const [name, measure] of Object.entries(MEASUREMENTS)) {
  if (process.argv[2] !== undefined && process.argv[2] !== name) continue;
  console.log(JSON.stringify({ name, ...(await measure()) }));
}
