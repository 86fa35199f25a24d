import { contactAdvice, plainReason } from '../../../redis/server/contact.ts';
import { numberOf } from '../../../redis/server/info.ts';
import { type Finding, fault, note, ok, warning } from '../../finding.ts';
import type { SentinelReading, TopologyReadings } from '../../readings/readings.ts';

const SLOTS = 16_384;
const LOOK = 'Look at redis-cli --cluster check HOST:PORT.';

/** How the servers stand together: the slots of a Cluster, the sentinels of a primary. */
export function checkTopology(topology: TopologyReadings): Finding[] {
  if (topology.kind === 'cluster') return [...checkSlots(topology.info), ...checkNamed(topology.named)];
  return topology.kind === 'sentinel' ? checkSentinels(topology.sentinels) : [];
}

/** A primary of a Cluster that does not answer. */
export const checkSilent = ({ node, fault: reason }: { node: string; fault: string }): Finding =>
  fault('primary-unreachable', {
    what: `${node}: This primary cannot be used: ${plainReason(reason)}.`,
    why: 'Requests for its queues get 503 until it is back, or a replica takes over.',
    todo: contactAdvice(reason) ?? LOOK,
  });

function checkSlots(info: ReadonlyMap<string, string>): Finding[] {
  const unserved = SLOTS - (numberOf(info, 'cluster_slots_assigned') ?? SLOTS);
  const failed = numberOf(info, 'cluster_slots_fail') ?? 0;
  if (unserved === 0 && failed === 0)
    return [ok('cluster-slots', 'Every slot of the Cluster has a primary.')];
  const of =
    unserved > 0 ? `${unserved} slots belong to no node` : `${failed} slots belong to a failed primary`;
  return [
    fault('cluster-slots', {
      what: `${of}, of ${SLOTS}.`,
      why: 'Queues in these slots are not served, and the API is not ready.',
      todo:
        unserved > 0
          ? 'Run: redis-cli --cluster fix HOST:PORT.'
          : 'Start the failed primary again, or make its replica the primary: redis-cli CLUSTER FAILOVER FORCE at the replica.',
    }),
  ];
}

function checkNamed(named: number): Finding[] {
  if (named > 1) return [];
  return [
    note('cluster-nodes', {
      what: 'REDIS_URL names one node of the Cluster.',
      why: 'While this node is away, API and workers that start find no other.',
      todo: 'Name some more, with commas between them: redis+cluster://HOST:PORT,HOST:PORT.',
    }),
  ];
}

function checkSentinels(sentinels: readonly SentinelReading[]): Finding[] {
  const away = sentinels.flatMap(({ sentinel, primary }) =>
    'refused' in primary ? [`${sentinel} (${primary.refused})`] : [],
  );
  const told = new Set(sentinels.flatMap(({ primary }) => ('value' in primary ? [primary.value] : [])));
  const findings: Finding[] = [];
  if (away.length > 0) {
    findings.push(
      warning('sentinels', {
        what: `${away.length} of ${sentinels.length} sentinels do not answer: ${away.join(', ')}.`,
        why: 'Without a majority of them no replica becomes the primary.',
        todo: contactAdvice(away.join()) ?? 'Start them, or correct their addresses in REDIS_URL.',
      }),
    );
  }
  if (told.size > 1) {
    findings.push(
      warning('sentinels', {
        what: `The sentinels name different primaries: ${[...told].join(', ')}.`,
        why: 'A failover goes on, or a sentinel is cut off. The service believes what most of them say.',
        todo: 'Run the doctor again in some seconds. If it stays so, look into the logs of the sentinels.',
      }),
    );
  }
  if (sentinels.length < 3) {
    findings.push(
      note('sentinel-count', {
        what: `REDIS_URL names ${sentinels.length} ${sentinels.length === 1 ? 'sentinel' : 'sentinels'}.`,
        why: 'With three of them one may be away.',
        todo: 'Start three sentinels on machines of their own, and name all of them.',
      }),
    );
  }
  return findings.length > 0
    ? findings
    : [ok('sentinels', `All ${sentinels.length} sentinels name the same primary.`)];
}
