import { describe, expect, it } from 'vitest';
import { slotOf } from '../../../src/redis/cluster/slots.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { type ClusterNode, useCluster } from '../../helpers/redis/cluster.ts';
import { moveSlot, primaryOfSlot } from '../../helpers/redis/cluster-moves.ts';
import { until } from '../../helpers/redis/server.ts';
import { readinessOf } from '../../helpers/telemetry/scrape.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';

const QUEUES = ['q0', 'q1', 'q2'];
const [MOVED = ''] = QUEUES;

const tellsNames = (name: string) => ({
  'cluster-announce-hostname': name,
  'cluster-preferred-endpoint-type': 'hostname',
});

/** A name that no resolver knows: https://www.rfc-editor.org/rfc/rfc6761#section-6.4. */
const UNKNOWN_NAME = 'node.invalid';

/** How a node tells the addresses of all nodes, in CLUSTER SLOTS and with MOVED. */
const KINDS = {
  'no host, as it has met no other node': { primaries: 1 },
  'no host, as all have that of the one asked': {
    settings: { 'cluster-preferred-endpoint-type': 'unknown-endpoint' },
  },
  'no names, which it is told to prefer': { settings: { 'cluster-preferred-endpoint-type': 'hostname' } },
  'names of hosts': { settings: tellsNames('localhost') },
  'names that only REDIS_NAT_MAP knows': { settings: tellsNames(UNKNOWN_NAME) },
  'IPv6 addresses': { host: '::1', settings: { bind: '127.0.0.1 ::1' } },
};

describe.each(Object.entries(KINDS))('a Cluster that tells %s', (_, options) => {
  const cluster = useCluster(options);
  const env = {
    QUEUES: QUEUES.join(','),
    get REDIS_NAT_MAP() {
      return cluster.primaries.map(({ port }) => `${UNKNOWN_NAME}:${port}=127.0.0.1:${port}`).join(',');
    },
  };
  const api = useApi(cluster, env);
  useWorker(cluster, env);

  const result = async (queue: string) =>
    (await api.http.post('/jobs?wait=10').send({ task: 'echo', payload: queue, queue })).body.result;

  it('is ready', async () => {
    await until(async () => (await readinessOf(api.origin)).ready, 'a ready API');
  });

  it('has reads that wait at all its primaries', async () => {
    const waits = async ({ client }: ClusterNode) =>
      /blocked_clients:[1-9]/.test(await client.info('clients'));
    await until(
      async () => (await Promise.all(cluster.primaries.map(waits))).every(Boolean),
      'waiting reads',
    );
  });

  it('does jobs of all its primaries', async () => {
    expect(await Promise.all(QUEUES.map(result))).toEqual(QUEUES);
  });

  it('does jobs of a queue that moves', async () => {
    const slot = slotOf(queueKeys('mr', MOVED).leases);
    const from = await primaryOfSlot(cluster.primaries, slot);
    const to = cluster.primaries.find((one) => one !== from);
    if (to !== undefined) await moveSlot(cluster.primaries, slot, from, to);
    expect(await result(MOVED)).toBe(MOVED);
  });
});
