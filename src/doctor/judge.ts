import type { Topology } from '../redis/address/redis-url.ts';
import { serverKind } from '../redis/server/kind.ts';
import { checkAcl } from './checks/redis/acl.ts';
import { checkClients } from './checks/redis/clients.ts';
import { checkApiClock, checkClock } from './checks/redis/clock.ts';
import { checkKernel } from './checks/redis/kernel.ts';
import { checkKnownHoles } from './checks/redis/known-holes.ts';
import { checkLatency } from './checks/redis/latency.ts';
import { checkMemory } from './checks/redis/memory.ts';
import { checkPersistence } from './checks/redis/persistence.ts';
import { checkContact } from './checks/redis/redis-contact.ts';
import { checkReplicas } from './checks/redis/replicas.ts';
import { checkReplicasAck } from './checks/redis/replicas-ack.ts';
import { checkServerKind } from './checks/redis/server-kind.ts';
import { checkStreamNodes } from './checks/redis/stream-nodes.ts';
import { checkSilent, checkTopology } from './checks/redis/topology.ts';
import { checkApi } from './checks/service/api.ts';
import { checkEnvironment } from './checks/service/environment.ts';
import { checkQueues } from './checks/service/queues.ts';
import { checkSchedules } from './checks/service/schedules.ts';
import { checkSharedSettings } from './checks/service/shared-settings.ts';
import { checkSubscriptions } from './checks/service/subscriptions.ts';
import { checkWorkers } from './checks/service/workers.ts';
import { type Finding, note, ok } from './finding.ts';
import { ofServers } from './of-servers.ts';
import { valueIn } from './readings/reading.ts';
import type { ApiReadings, ReachedRedis, Readings, RedisReadings } from './readings/readings.ts';

/** Findings about one part of the service. */
export interface Area {
  readonly name: 'Settings' | 'Redis' | 'API' | 'Queues';
  readonly findings: readonly Finding[];
}

/** Judges what was read. */
export function judge(readings: Readings): Area[] {
  const { environment, redis, api } = readings;
  const areas: Area[] = [
    { name: 'Settings', findings: checkEnvironment(environment) },
    { name: 'Redis', findings: 'fault' in redis ? checkContact(redis) : judgeRedis(readings, redis) },
    { name: 'API', findings: [...checkApi(api), ...judgeApiClock(readings)] },
    { name: 'Queues', findings: 'fault' in api ? [] : judgeQueues(readings, api.api) },
  ];
  return areas.filter(({ findings }) => findings.length > 0);
}

function judgeApiClock({ redis, api }: Readings): Finding[] {
  const ofRedis = 'servers' in redis ? valueIn(redis.servers[0].clock) : undefined;
  return checkApiClock(ofRedis, 'api' in api ? api.api.clock : undefined);
}

function judgeRedis(readings: Readings, reached: ReachedRedis): Finding[] {
  const { address, servers, silent, topology } = reached;
  return [
    ok('redis-reachable', `Redis answers at ${address}.`),
    ...silent.map((one) => checkSilent(one)),
    ...checkTopology(topology),
    ...ofServers(
      servers.map((server) => ({
        node: server.node,
        findings: judgeServer(readings, server, topology.kind),
      })),
    ),
    ...servers.flatMap(({ clock, configurations }) =>
      checkSharedSettings(configurations, readings.now + (valueIn(clock)?.skewMs ?? 0)),
    ),
  ];
}

function judgeServer(
  { now, host, environment }: Readings,
  server: RedisReadings,
  topology: Topology,
): Finding[] {
  return [
    ...judgeInfo(server, topology, environment.replicasAck),
    ...checkStreamNodes(server.config),
    ...checkAcl(server.acl, environment),
    ...checkLatency(server.pings, server.slowLog, now),
    ...checkClock(server.clock),
    ...checkKernel(host, server),
  ];
}

function judgeInfo({ info, config }: RedisReadings, topology: Topology, replicasAck: number): Finding[] {
  const members = valueIn(info);
  if (members === undefined) {
    return [
      note('info', {
        what: `Redis does not tell of itself: INFO is refused (${'refused' in info ? info.refused : ''}).`,
        why: 'Version, persistence, eviction and memory were not checked.',
        todo: 'Allow it: redis-cli ACL SETUSER <user> +info. GET /readyz needs it, too.',
      }),
    ];
  }
  return [
    ...checkServerKind(members, topology),
    ...checkKnownHoles(serverKind(members)),
    ...checkReplicas(members, config, topology),
    ...checkReplicasAck(members, replicasAck),
    ...checkPersistence(members, config),
    ...checkMemory(members),
    ...checkClients(members, config),
  ];
}

function judgeQueues({ now, environment, redis }: Readings, api: ApiReadings): Finding[] {
  const { queues, stats, workers, schedules, subscriptions } = api;
  const clock = 'servers' in redis ? valueIn(redis.servers[0].clock) : undefined;
  const known = <T>(reading: typeof workers | typeof schedules | typeof queues, check: () => T[]): T[] =>
    'value' in reading ? check() : [];
  return [
    ...known(workers, () => checkWorkers(valueIn(workers) ?? [])),
    ...known(queues, () => checkQueues(stats, environment.deadMax)),
    ...known(schedules, () => checkSchedules(valueIn(schedules) ?? [], now + (clock?.skewMs ?? 0))),
    ...checkSubscriptions(subscriptions),
  ];
}
