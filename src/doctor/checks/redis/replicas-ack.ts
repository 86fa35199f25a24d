import { replicasOf } from '../../../redis/server/kind.ts';
import { type Finding, fault, ok, warning } from '../../finding.ts';

/** Whether there are enough replicas for REPLICAS_ACK, also after one server has died. */
export function checkReplicasAck(info: ReadonlyMap<string, string>, wanted: number): Finding[] {
  // A replica is a finding of its own.
  if (wanted === 0 || info.get('role') !== 'master') return [];
  const have = replicasOf(info);
  const what = `REPLICAS_ACK is ${wanted}, and the primary has ${counted(have)}.`;
  if (have < wanted) {
    return [
      fault('replicas-ack', {
        what,
        why: 'Every submit gets 503 not-replicated, and GET /readyz is not ready.',
        todo: `Start ${counted(wanted + 1 - have)} more, or set REPLICAS_ACK to ${Math.max(0, have - 1)}.`,
      }),
    ];
  }
  if (have === wanted) {
    return [
      warning('replicas-ack', {
        what,
        why: 'When one of these servers is away, and after a failover, no job is accepted until it is back.',
        todo: `Start 1 replica more, or set REPLICAS_ACK to ${wanted - 1}.`,
      }),
    ];
  }
  return [ok('replicas-ack', what)];
}

const counted = (count: number): string => (count === 1 ? '1 replica' : `${count} replicas`);
