/**
 * What limits cost, and how exact they are. Run it with `npx tsx bench/limits/main.ts [name]` once `npm run build` has been run; a name
 * chooses one measurement. Each prints a line of JSON.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { recheckKeys } from '../../src/lifecycle/scripts/keys/sweep-keys.ts';
import { spreadOf } from '../stats.ts';
import { onSite } from './site.ts';

const ROUNDS = 3;
const KEYS = 1_000;
const JOBS_OF_A_KEY = 100;

const PROCESSES = 2;
const CONCURRENCY = 50;
/** Long, since what an idle worker repeats comes in intervals of up to ten minutes. */
const IDLE_MS = 600_000;

/** In which order the jobs of the keys come: one of each key in turn, or key after key. */
type Order = 'in-turn' | 'key-after-key';

/** Jobs a second, commands a job and us of Redis a job, from the first end of a job on. */
const drain = (limits: Record<string, string | number>, order: Order) =>
  onSite(async (site) => {
    const keyOf = (i: number) => (order === 'in-turn' ? i % KEYS : Math.floor(i / JOBS_OF_A_KEY));
    const jobs = Array.from({ length: KEYS * JOBS_OF_A_KEY }, (_, i) => `key-${keyOf(i)}`);
    await site.fill('echo', {}, jobs);
    if (Object.keys(limits).length > 0) await site.setLimits(limits);
    await site.startWorker(PROCESSES, CONCURRENCY);
    await site.untilCompleted(1);
    const from = performance.now();
    const [before, timeBefore] = [await site.commands(), await site.redisTime()];
    const counted = Number(await site.redis.hget(site.keys.totals, 'completed'));
    let looks = 0;
    while (Number(await site.redis.hget(site.keys.totals, 'completed')) < jobs.length) {
      looks += 1;
      await sleep(20);
    }
    const seconds = (performance.now() - from) / 1_000;
    const ran = jobs.length - counted;
    const commands = ((await site.commands()) - before - looks) / ran;
    return { rate: ran / seconds, commands, time: ((await site.redisTime()) - timeBefore) / ran };
  });

/** 1,000 keys of 100 jobs, one of each at a time, beside the same jobs without limits. */
async function keyed() {
  const orders: Record<string, object> = {};
  for (const order of ['in-turn', 'key-after-key'] as const) {
    const rounds: { plain: Awaited<ReturnType<typeof drain>>; limited: Awaited<ReturnType<typeof drain>> }[] =
      [];
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.push({ plain: await drain({}, order), limited: await drain({ keyConcurrency: 1 }, order) });
    }
    const median = (figure: (round: (typeof rounds)[number]) => number) =>
      spreadOf(rounds.map(figure)).median;
    orders[order] = {
      shareOfPlainRate: median(({ plain, limited }) => limited.rate / plain.rate),
      rate: Math.round(median(({ limited }) => limited.rate)),
      commandsAJob: median(({ limited }) => limited.commands),
      redisUsAJob: median(({ limited }) => limited.time),
      redisUsAPlainJob: median(({ plain }) => plain.time),
    };
  }
  return orders;
}

/** One key with 100,000 jobs, then 100 keys with 10 each: how often the first has started when the last of the others ends. */
const fair = () =>
  onSite(async (site) => {
    const others = Array.from({ length: 1_000 }, (_, i) => `late-${i % 100}`);
    await site.fill('journal', { file: site.journal }, Array<string>(100_000).fill('first'));
    await site.fill('journal', { file: site.journal }, others);
    await site.setLimits({ fair: 1 });
    await site.startWorker(2, 10);
    const endOfOthers = () => {
      const lines = site.lines();
      const ended = lines.filter(({ delta, key }) => delta < 0 && key !== 'first').length;
      return ended === others.length ? lines : undefined;
    };
    await site.untilCompleted(others.length);
    let lines = endOfOthers();
    for (; lines === undefined; lines = endOfOthers()) await sleep(200);
    const last = lines.findLastIndex(({ delta, key }) => delta < 0 && key !== 'first');
    const starts = lines.slice(0, last).filter(({ delta, key }) => delta > 0 && key === 'first').length;
    return { startsOfTheFirstKey: starts };
  });

/** 100 a second for 30 s under a backlog: how many start, and the most in a second. */
const rate = () =>
  onSite(async (site) => {
    await site.fill('journal', { file: site.journal }, Array<string>(5_000).fill(''));
    await site.setLimits({ rate: '100 1000 100' });
    await site.startWorker(2, 10);
    await site.untilCompleted(1);
    await sleep(33_000);
    const starts = site.lines().filter(({ delta }) => delta > 0);
    const times = starts.map(({ at }) => at);
    // The first burst has gone.
    const from = (times[0] ?? 0) + 1_500;
    const counted = times.filter((at) => at >= from && at < from + 30_000).length;
    let most = 0;
    for (let first = 0, next = 0; next < times.length; next += 1) {
      while ((times[next] ?? 0) - (times[first] ?? 0) >= 1_000) first += 1;
      most = Math.max(most, next - first + 1);
    }
    return { startsIn30s: counted, mostInASecond: most };
  });

/** How long until a higher limit shows in what runs, while 100,000 jobs wait, ms. */
const changed = () =>
  onSite(async (site) => {
    await site.fill('journal', { file: site.journal, ms: 100 }, Array<string>(100_000).fill('a'));
    await site.setLimits({ concurrency: 2 });
    await site.startWorker(2, 20);
    await site.untilCompleted(20);
    const at = Date.now();
    await site.setLimits({ concurrency: 30 });
    await sleep(3_000);
    let running = 0;
    const reached = site.lines().find((line) => {
      running += line.delta;
      return line.at > at && running >= 30;
    });
    return { msUntilAllRun: reached === undefined ? undefined : Math.round(reached.at - at) };
  });

/** Commands a second of one worker while 1,000,000 jobs of a key wait for one that runs. */
const idle = () =>
  onSite(async (site) => {
    await site.fill('hold', { stubborn: true }, ['a']);
    await site.setLimits({ keyConcurrency: 1 });
    await site.startWorker(1, 10);
    while ((await site.redis.zcard(site.keys.runningKeys)) === 0) await sleep(50);
    await site.fill('echo', {}, Array<string>(1_000_000).fill('a'));
    while ((await site.redis.zcard(site.keys.holds)) < 1_000_000) await sleep(200);
    await recheckKeys(site.redis, site.keys);
    await sleep(5_000);
    const before = await site.commands();
    await sleep(IDLE_MS);
    return { commandsASecond: (1_000 * ((await site.commands()) - before)) / IDLE_MS };
  });

const MEASUREMENTS: Readonly<Record<string, () => Promise<object>>> = { keyed, fair, rate, changed, idle };

for (const [name, measure] of Object.entries(MEASUREMENTS)) {
  if (process.argv[2] !== undefined && process.argv[2] !== name) continue;
  console.log(JSON.stringify({ name, ...(await measure()) }));
}
