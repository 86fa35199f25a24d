import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../helpers/redis/server.ts';
import { runScenario, type Scenario } from '../scenario-run.ts';
import { nextStarted } from '../waits.ts';

/** The first job after the return of Redis starts within this. */
const START_MS = 5_000;
/** So that a restart comes at any moment of a blocking read. */
const MAX_IDLE_MS = 1_000;

/** Redis restarts while workers block on empty queues; the next job starts soon, every time. */
export const restartRedisIdle: Scenario = (options) =>
  runScenario('restart-redis-idle', options, { workers: 1, processes: 1, apis: 1 }, async (set) => {
    const { cluster, clients, faults, random } = set;
    const waits: number[] = [];
    for (let i = 0; i < options.faults; i += 1) {
      await sleep(random.below(MAX_IDLE_MS));
      const at = Date.now();
      await cluster.redis.restart(i % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
      const back = Date.now();
      faults.push({ kind: 'restart redis', at, until: back, pids: [], inFlight: 0 });
      const { ids } = await clients.submit({ task: 'work', payload: { key: `idle${i}` } });
      waits.push((await nextStarted(cluster, back)) - back);
      const [id = ''] = ids;
      await until(async () => (await clients.finished(id))?.finishedAt !== undefined, 'its end');
      if ((i + 1) % 10 === 0) options.say(`${i + 1} restarts`);
    }
    return { recoveries: () => waits, recoverWithinMs: START_MS };
  });
