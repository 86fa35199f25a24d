import type { Topology } from '../../../redis/address/redis-url.ts';
import { replicasOf } from '../../../redis/server/kind.ts';
import { type Finding, ok, warning } from '../../finding.ts';
import { type Reading, valueIn } from '../../readings/reading.ts';

type Texts = ReadonlyMap<string, string>;

/** Whether another server can take over. One Redis alone promises no such thing. */
export function checkReplicas(info: Texts, config: Reading<Texts>, topology: Topology): Finding[] {
  if (topology === 'single' || info.get('role') !== 'master') return [];
  const have = replicasOf(info);
  if (have === 0) {
    return [
      warning('replicas', {
        what: 'No replica follows this primary.',
        why: 'When its machine dies, nothing takes over: its queues stand still, and jobs whose file is lost are gone.',
        todo:
          topology === 'cluster'
            ? 'Start a replica: redis-cli --cluster add-node HOST:PORT HOST:PORT --cluster-slave.'
            : 'Start a replica, or look into its log: redis-cli REPLICAOF HOST PORT.',
      }),
    ];
  }
  const found = [ok('replicas', `The primary has ${have} ${have === 1 ? 'replica' : 'replicas'}.`)];
  return topology === 'sentinel' ? [...found, ...checkStale(config)] : found;
}

/** A node of a Cluster that was away takes no writes until it knows the others. One under Sentinel does. */
function checkStale(config: Reading<Texts>): Finding[] {
  if (valueIn(config)?.get('min-replicas-to-write') !== '0') return [];
  return [
    warning('stale-primary', {
      what: 'The primary accepts jobs while no replica follows it (min-replicas-to-write 0).',
      why: 'An old primary that is started again or cut off accepts jobs, and loses them when it becomes a replica.',
      todo: 'Run at each server: redis-cli CONFIG SET min-replicas-to-write 1. Then put it into redis.conf.',
    }),
  ];
}
