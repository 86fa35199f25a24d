import { median } from '../../../helpers/median.ts';
import { underLoad } from '../load.ts';
import { runScenario, type Scenario } from '../scenario-run.ts';
import { nextAccepted, nextStarted } from '../waits.ts';

const LOAD = { maxMs: 50, perSecond: 200 };
/** Longer than Redis is away, so that no lease ends and nothing has a reason to run twice. */
const LEASE_MS = 10_000;

/** kill -9 of Redis under load: what it accepted is on disk, what runs goes on, its finish is written later. */
export const killRedis: Scenario = (options) =>
  runScenario('kill-redis', options, { leaseMs: LEASE_MS }, async (set) => {
    const { cluster, clients, faults } = set;
    const away: number[] = [];
    const accepted: number[] = [];
    const started: number[] = [];
    await underLoad(set, LOAD, async () => {
      const at = Date.now();
      await cluster.redis.restart('SIGKILL');
      const back = Date.now();
      away.push(back - at);
      faults.push({ kind: 'kill -9 redis', at, until: back, pids: [], inFlight: 0 });
      accepted.push((await nextAccepted(clients, back)) - at);
      started.push((await nextStarted(cluster, back)) - at);
    });
    return {
      recoveries: () => accepted.map((ms, i) => Math.max(ms, started[i] ?? ms)),
      figures: {
        'Redis away ms (median)': median(away),
        'next accepted after ms (median, max)': `${median(accepted)}, ${Math.max(...accepted)}`,
        'next started after ms (median, max)': `${median(started)}, ${Math.max(...started)}`,
      },
    };
  });
