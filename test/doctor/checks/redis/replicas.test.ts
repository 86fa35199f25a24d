import { expect, it } from 'vitest';
import { checkReplicas } from '../../../../src/doctor/checks/redis/replicas.ts';

const primary = new Map([['role', 'master']]);
const followed = new Map([...primary, ['slave0', 'ip=127.0.0.1,port=1,state=online,offset=1,lag=0']]);
const config = (least: string) => ({ value: new Map([['min-replicas-to-write', least]]) });

it.each([
  ['single', primary, '0', []],
  ['cluster', primary, '0', ['replicas warning']],
  ['cluster', followed, '0', ['replicas ok']],
  ['sentinel', primary, '0', ['replicas warning']],
  ['sentinel', followed, '0', ['replicas ok', 'stale-primary warning']],
  ['sentinel', followed, '1', ['replicas ok']],
  ['sentinel', new Map([['role', 'slave']]), '1', []],
] as const)(
  'judges the replicas of a %s with %s and min-replicas-to-write %s',
  (topology, info, least, found) => {
    expect(checkReplicas(info, config(least), topology).map(({ id, level }) => `${id} ${level}`)).toEqual(
      found,
    );
  },
);
