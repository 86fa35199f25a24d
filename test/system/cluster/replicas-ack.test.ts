import { afterEach, describe, expect, it } from 'vitest';
import { aclRules } from '../../../src/redis/acl/acl-rules.ts';
import { slotOf } from '../../../src/redis/cluster/slots.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { KeySpace } from '../../../src/redis/keyspace.ts';
import { useApi } from '../../helpers/api/server.ts';
import { type ClusterNode, useCluster } from '../../helpers/redis/cluster.ts';
import { until } from '../../helpers/redis/server.ts';
import { readinessOf } from '../../helpers/telemetry/scrape.ts';

/** What docs/how-to/scale.md adds to the ACL line in a Cluster. */
const CLUSTER_COMMANDS = ['+cluster|info', '+cluster|slots', '+asking'];
const cluster = useCluster({
  replicas: 1,
  rules: [...aclRules('mr', true).split(' '), ...CLUSTER_COMMANDS],
});
const api = useApi(cluster, { REPLICAS_ACK: '1' });
afterEach(() => signal('SIGCONT'));

const signal = (name: NodeJS.Signals, replicas = cluster.replicas) =>
  replicas.forEach(({ server }) => void process.kill(server.pid, name));
const submit = (queue: string, key = '') =>
  api.http
    .post('/jobs')
    .set(key === '' ? {} : { 'idempotency-key': key })
    .send({ task: 'echo', queue });

/** On a busy machine replicas are sometimes late. */
const accepted = (queue: string, key = '') =>
  until(async () => (await submit(queue, key)).status === 202, `an accepted job of ${queue}`);

const slotOfQueue = (queue: string) => slotOf(queueKeys('mr', queue).settings);
/** Slots are shared in equal parts, in the order of the primaries. */
const primaryOf = (slot: number) => Math.floor((slot * cluster.primaries.length) / 16_384);
let queues = 0;
/** A queue without jobs, at that primary. */
function newQueueAt(primary: number): string {
  for (;;) {
    queues += 1;
    if (primaryOf(slotOfQueue(`n${queues}`)) === primary) return `n${queues}`;
  }
}
const nodeAt = (nodes: readonly ClusterNode[], i: number): ClusterNode => {
  const node = nodes[i];
  if (node === undefined) throw new Error(`there is no node ${i}`);
  return node;
};
const idOf = async ({ client }: ClusterNode) => String(await client.call('CLUSTER', 'MYID'));
const setSlot = ({ client }: ClusterNode, queue: string, ...how: string[]) =>
  client.call('CLUSTER', 'SETSLOT', slotOfQueue(queue), ...how);
const stored = ({ client }: ClusterNode, queue: string) => client.xlen(queueKeys('mr', queue).stream.normal);

describe('with REPLICAS_ACK in a Cluster', () => {
  it('a submit waits for the replica of the primary of its queue, and for no other', async () => {
    const all = [0, 1, 2].map(newQueueAt);
    for (const queue of all) await accepted(queue, 'a-key');
    signal('SIGSTOP', [nodeAt(cluster.replicas, 1)]);
    const [first = '', second = '', third = ''] = all;
    const { status, body } = await submit(second, 'another-key');
    expect([status, body.code]).toEqual([503, 'not-replicated']);
    for (const queue of [first, third]) await accepted(queue, 'another-key');
    signal('SIGCONT');
    await accepted(second, 'another-key');
    const counts = all.map((queue, i) => stored(nodeAt(cluster.primaries, i), queue));
    expect(await Promise.all(counts)).toEqual([2, 2, 2]);
  });

  it('a submit that is sent on to another node waits for the replica of that one', async () => {
    const queue = newQueueAt(0);
    const [from, to] = [nodeAt(cluster.primaries, 0), nodeAt(cluster.primaries, 1)];
    for (const node of [to, from]) await setSlot(node, queue, 'NODE', await idOf(to));
    const { queues: list } = new KeySpace('mr', true);
    // Its name would wait for a replica, too.
    await nodeAt(cluster.primaries, primaryOf(slotOf(list))).client.sadd(list, queue);
    signal('SIGSTOP', [nodeAt(cluster.replicas, 1)]);
    const { status, body } = await submit(queue);
    expect([status, body.code]).toEqual([503, 'not-replicated']);
    expect(await stored(to, queue)).toBe(1);
    signal('SIGCONT');
    await accepted(queue);
  });

  it('a submit is served by the node that a slot is moving to', async () => {
    const queue = newQueueAt(2);
    const [from, to] = [nodeAt(cluster.primaries, 2), nodeAt(cluster.primaries, 0)];
    await setSlot(to, queue, 'IMPORTING', await idOf(from));
    await setSlot(from, queue, 'MIGRATING', await idOf(to));
    for (let i = 0; i < 2; i += 1) await accepted(queue);
    for (const node of [to, from]) await setSlot(node, queue, 'NODE', await idOf(to));
    expect(await stored(to, queue)).toBeGreaterThan(1);
  });

  it('a primary that has taken over accepts nothing until it has a replica', async () => {
    const queue = newQueueAt(0);
    const killed = nodeAt(cluster.primaries, 0);
    await killed.server.kill();
    await until(async () => {
      const { body } = await submit(queue);
      return body.code === 'not-replicated';
    }, 'a new primary');
    await until(
      async () =>
        (await readinessOf(api.origin)).reasons.some((reason) =>
          /^\S+: REPLICAS_ACK is 1, and the primary has 0 replicas/.test(reason),
        ),
      'a reason',
    );
    await accepted(newQueueAt(1));
    const again = await killed.server.restart();
    try {
      await accepted(queue);
    } finally {
      await again.kill();
    }
  });
});
