import { underLoad } from '../flow.ts';
import { nextAccepted } from '../moments.ts';
import { median } from '../report.ts';
import { type Scenario, stage } from '../stage.ts';

const LOAD = { maxMs: 50, perSecond: 200 };

/** kill -9 of APIs under load; clients go to another one, or try again. */
export const killApis: Scenario = (options) =>
  stage('kill-apis', options, {}, async (set) => {
    const { rig, random, clients, faults } = set;
    const back: number[] = [];
    const recovered: number[] = [];
    await underLoad(set, LOAD, async () => {
      const which = random.below(rig.apis.length);
      const at = Date.now();
      rig.apis[which]?.signal('SIGKILL');
      faults.push({ kind: 'kill -9 api', at, until: at, pids: [], inFlight: 0 });
      recovered.push((await nextAccepted(clients, at)) - at);
      await rig.untilApiReady(which);
      back.push(Date.now() - at);
    });
    return { recoveries: () => recovered, figures: { 'API back after ms (median)': median(back) } };
  });
