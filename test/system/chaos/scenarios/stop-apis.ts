import { until } from '../../../helpers/redis/server.ts';
import { underLoad } from '../load.ts';
import { runScenario, type Scenario, type ScenarioRun } from '../scenario-run.ts';

const LOAD = { maxMs: 50, perSecond: 200 };
/** Requests that wait at the API when it is stopped, and how long their jobs take. */
const WAITERS = 5;
const WAITED_MS = 1_500;

/** SIGTERM of APIs under load: what they said is accepted is stored, and everybody who waits is answered. */
export const stopApis: Scenario = (options) =>
  runScenario('stop-apis', options, {}, async (set) => {
    const violations: string[] = [];
    await underLoad(set, LOAD, async (i) => {
      violations.push(...(await stopWithWaiters(set, i)));
    });
    return { violations };
  });

async function stopWithWaiters(set: ScenarioRun, round: number): Promise<string[]> {
  const { cluster, random, clients, faults } = set;
  const which = random.below(cluster.apis.length);
  const [api, origin] = [cluster.apis[which], cluster.origins[which]];
  if (api === undefined || origin === undefined) throw new RangeError('there is no API');
  const keys = Array.from({ length: WAITERS }, (_, i) => `waiter${round}.${i}`);
  const waiters = keys.map((key) =>
    clients.submitOnce(origin, { task: 'work', payload: { key, ms: WAITED_MS } }, 30).then(
      ({ status }) => (status === 200 || status === 202 ? [] : [`${key} was answered with ${status}`]),
      (error: unknown) => [`${key} was not answered: ${String(error)}`],
    ),
  );
  const isRunning = () => {
    const running = new Set(cluster.journal.executions.map(({ key }) => key));
    return keys.every((key) => running.has(key));
  };
  await until(isRunning, 'jobs that are waited for');
  const at = Date.now();
  const ended = api.ended();
  api.signal('SIGTERM');
  const unanswered = (await Promise.all(waiters)).flat();
  const exit = await ended;
  faults.push({ kind: 'SIGTERM api', at, until: at, pids: [], inFlight: 0 });
  await cluster.untilApiReady(which);
  const left = exit?.code === 0 ? [] : [`${api.name} ended with ${JSON.stringify(exit)} after SIGTERM`];
  return [...unanswered, ...left];
}
