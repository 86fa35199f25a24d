import { until } from '../../../helpers/redis/server.ts';
import { isCommand, isFinish } from '../commands.ts';
import { underLoad } from '../load.ts';
import { runScenario, type Scenario } from '../scenario-run.ts';

const LOAD = { maxMs: 20, perSecond: 200 };
/** Cuts the workers' connections, too, for less than a lease. */
const LEASE_MS = 10_000;

/** What takes a job in. */
const SUBMIT = isCommand('submit', 'xadd');

/** Redis does what it is asked, and the answer is lost: submits and finishes are repeated, and count once. */
export const dropReplies: Scenario = (options) =>
  runScenario('drop-replies', options, { proxied: true, leaseMs: LEASE_MS }, async (set) => {
    const { cluster, faults } = set;
    await underLoad(set, LOAD, async (i) => {
      const [kind, proxy, filter] =
        i % 2 === 0
          ? (['reply of a submit lost', cluster.proxies.api, SUBMIT] as const)
          : (['reply of a finish lost', cluster.proxies.worker, isFinish] as const);
      const before = proxy.dropped;
      const at = Date.now();
      proxy.dropReplies(1, filter);
      await until(() => proxy.dropped > before, kind);
      faults.push({ kind, at, until: Date.now(), pids: [], inFlight: 0 });
    });
    return {
      figures: {
        'replies of submits lost': cluster.proxies.api.dropped,
        'replies of finishes lost': cluster.proxies.worker.dropped,
      },
    };
  });
