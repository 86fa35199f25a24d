import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../../../helpers/median.ts';
import { PATIENCE_MS } from '../../../helpers/patience.ts';
import { underLoad } from '../load.ts';
import { runScenario, type Scenario, type ScenarioRun } from '../scenario-run.ts';
import { nextAccepted, nextStarted } from '../waits.ts';

const LOAD = { maxMs: 50, perSecond: 100 };
const LEASE_MS = 2_000;
/** Longer than a lease. */
const HOLE_MS = 3_500;
const DELAY_MS = 100;
const DELAYED_MS = 2_000;
/** An API without Redis says so within about a second. */
const ANSWER_MS = 2_000;
const RESUME_MS = 5_000;
const PROBES = 3;

const KINDS = ['black hole', 'cut', 'delay'] as const;

interface Seen {
  answers: number[];
  accepted: number[];
  started: number[];
  violations: string[];
}

/** Redis is out of reach of APIs or of workers, in several ways, and comes back. */
export const network: Scenario = (options) =>
  runScenario('network', options, { proxied: true, leaseMs: LEASE_MS }, async (set) => {
    const seen: Seen = { answers: [], accepted: [], started: [], violations: [] };
    await underLoad(set, LOAD, async (i) => {
      const kind = KINDS[Math.floor(i / 2) % KINDS.length] ?? 'cut';
      await (i % 2 === 0 ? apisAlone(set, kind, seen) : workersAlone(set, kind, seen));
    });
    const span = (values: readonly number[]) => `${median(values)}, ${Math.max(...values)}`;
    return {
      recoveries: () => [...seen.accepted, ...seen.started],
      recoverWithinMs: RESUME_MS,
      violations: seen.violations,
      figures: {
        '503 after ms (median, max)': span(seen.answers),
        'accepted again after ms (median, max)': span(seen.accepted),
        'started again after ms (median, max)': span(seen.started),
      },
    };
  });

async function apisAlone(set: ScenarioRun, kind: (typeof KINDS)[number], seen: Seen): Promise<void> {
  const { cluster, clients, faults } = set;
  const at = Date.now();
  if (kind === 'black hole') {
    cluster.proxies.api.blackHole();
    for (let i = 0; i < PROBES; i += 1) await probe(set, seen);
  } else await makeTrouble(cluster.proxies.api, kind);
  cluster.proxies.api.heal();
  const back = Date.now();
  faults.push({ kind: `${kind} of APIs`, at, until: back, pids: [], inFlight: 0 });
  seen.accepted.push((await nextAccepted(clients, back)) - back);
}

async function workersAlone(
  { cluster, faults }: ScenarioRun,
  kind: (typeof KINDS)[number],
  seen: Seen,
): Promise<void> {
  const at = Date.now();
  const { processes, workers, concurrency } = cluster.options;
  const loses = kind === 'black hole';
  await makeTrouble(cluster.proxies.worker, kind);
  cluster.proxies.worker.heal();
  const back = Date.now();
  const started = (await nextStarted(cluster, back)) - back;
  faults.push({
    kind: `${kind} of workers`,
    at,
    // What was held back arrives only now, and leases are found to have ended.
    until: Date.now() + LEASE_MS,
    pids: loses ? undefined : [],
    inFlight: loses ? processes * workers * concurrency : 0,
  });
  seen.started.push(started);
}

async function makeTrouble(
  proxy: ScenarioRun['cluster']['proxies']['api'],
  kind: (typeof KINDS)[number],
): Promise<void> {
  if (kind === 'cut') return proxy.cut();
  if (kind === 'delay') proxy.delay(DELAY_MS);
  else proxy.blackHole();
  await sleep(kind === 'delay' ? DELAYED_MS : HOLE_MS);
}

/** Every API must say 503, soon. */
async function probe({ cluster, options }: ScenarioRun, seen: Seen): Promise<void> {
  await Promise.all(
    cluster.origins.map(async (origin) => {
      const began = performance.now();
      const answer = await fetch(`${origin}/jobs/default~n1-0`, { signal: AbortSignal.timeout(PATIENCE_MS) });
      await answer.text();
      const ms = Math.round(performance.now() - began);
      seen.answers.push(ms);
      if (answer.status !== 503) seen.violations.push(`without Redis an API answered ${answer.status}`);
      else if (ms > ANSWER_MS + options.slackMs) seen.violations.push(`an API took ${ms} ms to say 503`);
    }),
  );
}
