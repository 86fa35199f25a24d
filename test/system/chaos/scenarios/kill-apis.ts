import { median } from '../../../helpers/median.ts';
import { underLoad } from '../load.ts';
import { runScenario, type Scenario } from '../scenario-run.ts';
import { nextAccepted } from '../waits.ts';

const LOAD = { maxMs: 50, perSecond: 200 };

/** kill -9 of APIs under load; clients go to another one, or try again. */
export const killApis: Scenario = (options) =>
  runScenario('kill-apis', options, {}, async (set) => {
    const { cluster, random, clients, faults } = set;
    const back: number[] = [];
    const recovered: number[] = [];
    await underLoad(set, LOAD, async () => {
      const which = random.below(cluster.apis.length);
      const at = Date.now();
      cluster.apis[which]?.signal('SIGKILL');
      faults.push({ kind: 'kill -9 api', at, until: at, pids: [], inFlight: 0 });
      recovered.push((await nextAccepted(clients, at)) - at);
      await cluster.untilApiReady(which);
      back.push(Date.now() - at);
    });
    return { recoveries: () => recovered, figures: { 'API back after ms (median)': median(back) } };
  });
