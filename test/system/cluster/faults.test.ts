import { expect, it } from 'vitest';
import { PATIENCE_MS } from '../../helpers/patience.ts';
import { startClusterBed } from '../chaos/failover/cluster-bed.ts';
import { playFaults } from '../chaos/failover/play.ts';

/** Of `npm run chaos -- --scenario cluster`, one of each kind that is not slow. */
const SHORT = [
  'kill -9 of primary 0',
  'SIGSTOP of primary 1 until failover',
  'cut between API and primary 2, 3 s',
  '4 lost replies of primary 0',
  'CLUSTER FAILOVER of primary 0',
  'slot of h0 to another primary',
  'new primary with the slots of q0, q2, h1',
];
/** While a primary is away, the queues of the others go on. */
const OTHERS_GO_ON = SHORT.slice(0, 3);
const LIMIT_MS = 20 * PATIENCE_MS;

it(
  'a Cluster whose nodes fail, move and join loses no accepted job, and runs none twice without a reason',
  async () => {
    const say = (line: string) => console.log(line);
    const { rows } = await playFaults(startClusterBed, SHORT.length, say, ({ name }) => SHORT.includes(name));
    expect(rows.map(({ fault }) => fault)).toEqual(SHORT);
    expect(rows.flatMap(({ violations }) => violations)).toEqual([]);
    expect(rows.filter(({ fault, others }) => OTHERS_GO_ON.includes(fault) && others === 0)).toEqual([]);
  },
  LIMIT_MS,
);
