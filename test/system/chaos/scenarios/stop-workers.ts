import { until } from '../../../helpers/redis/server.ts';
import { underLoad } from '../flow.ts';
import type { Execution } from '../journal.ts';
import type { Part } from '../part.ts';
import type { Rig } from '../rig.ts';
import { type Scenario, type Stage, stage } from '../stage.ts';

const LOAD = { maxMs: 200, perSecond: 300 };
/** Jobs that were handed back must start elsewhere within this. */
const PICKED_UP_MS = 1_000;

/** SIGTERM of workers under load: what runs is finished, what has not started runs elsewhere, nothing twice. */
export const stopWorkers: Scenario = (options) =>
  stage('stop-workers', options, {}, async (set) => {
    const { rig } = set;
    const pickedUp: number[] = [];
    const violations: string[] = [];
    const mayFail = () => rig.workers.filter(({ ready }) => ready).length > 1;
    await underLoad(set, { ...LOAD, mayFail }, async () => {
      const from = Date.now();
      violations.push(...(await stopOne(set)));
      pickedUp.push(...(await handedBack(rig, from)));
    });
    return {
      recoveries: () => pickedUp,
      recoverWithinMs: PICKED_UP_MS,
      figures: { 'handed back': pickedUp.length },
      violations: [...violations, ...attemptsSpent(rig.journal.executions)],
    };
  });

/** Stops one worker in order; returns what was wrong with its end. */
export async function stopOne({ rig, random, faults }: Stage): Promise<string[]> {
  const worker = await until(() => readyOne(random.pick(rig.workers)), 'a worker that is ready');
  const at = Date.now();
  const ended = worker.ended();
  worker.signal('SIGTERM');
  const exit = await ended;
  faults.push({ kind: 'SIGTERM worker', at, until: at, pids: [], inFlight: 0 });
  return exit?.code === 0 ? [] : [`${worker.name} ended with ${JSON.stringify(exit)} after SIGTERM`];
}

const readyOne = (worker: Part): Part | undefined => (worker.ready ? worker : undefined);

const attemptsSpent = (executions: readonly Execution[]): string[] =>
  executions
    .filter(({ attempt }) => attempt > 1)
    .map(({ id, attempt }) => `${id} spent an attempt: ran as attempt ${attempt}`);

/** For each job that was handed back since a moment: ms until it was started again. */
async function handedBack({ client, keys }: Rig, from: number): Promise<number[]> {
  return until(async () => {
    const moves = (await client.xrange(keys.events, String(from), '+')).flatMap(([at, fields]) => {
      // One entry may tell several things, in pairs of pairs: e, kind, j, refs.
      return fields.flatMap((refs, i) => {
        if (i % 4 !== 3) return [];
        const kind = fields[i - 2] ?? '';
        return refs.split(' ').map((ref) => ({ at: Number.parseInt(at, 10), kind, ref }));
      });
    });
    const waits = moves
      .filter(({ kind }) => kind === 'released')
      .map(({ ref, at }) => {
        const next = moves.find((move) => move.kind === 'started' && move.ref === ref && move.at >= at);
        return next && next.at - at;
      });
    return waits.every((wait) => wait !== undefined) && waits;
  }, 'jobs handed back that start again');
}
