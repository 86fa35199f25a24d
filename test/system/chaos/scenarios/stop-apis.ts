import { until } from '../../../helpers/redis/server.ts';
import { underLoad } from '../flow.ts';
import { type Scenario, type Stage, stage } from '../stage.ts';

const LOAD = { maxMs: 50, perSecond: 200 };
/** Requests that wait at the API when it is told to stop, and how long their jobs take. */
const WAITERS = 5;
const WAITED_MS = 1_500;

/** SIGTERM of APIs under load: what they said is accepted is stored, and everybody who waits is answered. */
export const stopApis: Scenario = (options) =>
  stage('stop-apis', options, {}, async (set) => {
    const violations: string[] = [];
    await underLoad(set, LOAD, async (i) => {
      violations.push(...(await stopWithWaiters(set, i)));
    });
    return { violations };
  });

async function stopWithWaiters(set: Stage, round: number): Promise<string[]> {
  const { rig, random, clients, faults } = set;
  const which = random.below(rig.apis.length);
  const [api, origin] = [rig.apis[which], rig.origins[which]];
  if (api === undefined || origin === undefined) throw new RangeError('there is no API');
  const keys = Array.from({ length: WAITERS }, (_, i) => `waiter${round}.${i}`);
  const waiters = keys.map((key) =>
    clients.submitOnce(origin, { task: 'work', payload: { key, ms: WAITED_MS } }, 30).then(
      ({ status }) => (status === 200 || status === 202 ? [] : [`${key} was answered with ${status}`]),
      (error: unknown) => [`${key} was not answered: ${String(error)}`],
    ),
  );
  const isRunning = () => {
    const running = new Set(rig.journal.executions.map(({ key }) => key));
    return keys.every((key) => running.has(key));
  };
  await until(isRunning, 'jobs that are waited for');
  const at = Date.now();
  const ended = api.ended();
  api.signal('SIGTERM');
  const unanswered = (await Promise.all(waiters)).flat();
  const exit = await ended;
  faults.push({ kind: 'SIGTERM api', at, until: at, pids: [], inFlight: 0 });
  await rig.untilApiReady(which);
  const left = exit?.code === 0 ? [] : [`${api.name} ended with ${JSON.stringify(exit)} after SIGTERM`];
  return [...unanswered, ...left];
}
