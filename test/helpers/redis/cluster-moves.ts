import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterNode } from './cluster.ts';
import { until } from './server.ts';

/** A node that is stopped does not answer at all. */
const ANSWER_MS = 500;
/** A failover that has not come by then does not come any more. */
const GIVEN_UP_MS = 6_000;
const KEYS_A_STEP = 50;
const MIGRATE_MS = 5_000;

/** What a node says; undefined when it does not answer. */
const ask = (node: ClusterNode, ...command: [string, ...string[]]): Promise<unknown> =>
  Promise.race([
    node.client.call(...command).catch(() => undefined),
    sleep(ANSWER_MS, undefined, { ref: false }),
  ]);

/** The words of a node's own line of CLUSTER NODES: id, address, flags, and from the ninth on its slots. */
async function wordsOf(node: ClusterNode): Promise<string[] | undefined> {
  const reply = await ask(node, 'CLUSTER', 'NODES');
  const line = String(reply ?? '')
    .split('\n')
    .find((one) => one.includes('myself'));
  return line?.split(' ');
}

export async function idOf(node: ClusterNode): Promise<string> {
  const [id] = await until(() => wordsOf(node), 'the id of a node');
  return id ?? '';
}

const serves = (words: readonly string[], slot: number): boolean =>
  words.slice(8).some((range) => {
    const [first = NaN, last = first] = range.split('-').map(Number);
    return slot >= first && slot <= last;
  });

/** The primary of the slot, by what the nodes say of themselves. Waits until there is one. */
export const primaryOfSlot = (nodes: readonly ClusterNode[], slot: number): Promise<ClusterNode> =>
  until(async () => {
    const views = await Promise.all(nodes.map(wordsOf));
    return nodes.find((_, i) => {
      const words = views[i] ?? [];
      return words[2]?.includes('master') && serves(words, slot);
    });
  }, `a primary of slot ${slot}`);

/** The replica that follows this primary; waits until it follows. */
export async function replicaOf(nodes: readonly ClusterNode[], primary: ClusterNode): Promise<ClusterNode> {
  const id = await idOf(primary);
  return until(async () => {
    const views = await Promise.all(nodes.map(wordsOf));
    const replica = nodes.find((_, i) => views[i]?.[3] === id);
    return replica !== undefined && (await isFollowing(replica)) && replica;
  }, 'a replica that follows its primary');
}

const isFollowing = async (node: ClusterNode): Promise<boolean> =>
  String(await ask(node, 'INFO', 'replication')).includes('master_link_status:up');

/** Waits until a node that was away follows a primary. */
export const untilFollows = (node: ClusterNode): Promise<boolean> =>
  until(() => isFollowing(node), 'a node that follows a primary');

/**
 * Makes the replica of this primary the primary, while both run. Returns it.
 *
 * Redis only schedules it, and gives up after 5 s without the votes of the others: https://redis.io/docs/latest/commands/cluster-failover/.
 */
export async function failOver(nodes: readonly ClusterNode[], primary: ClusterNode): Promise<ClusterNode> {
  const replica = await replicaOf(nodes, primary);
  let askedAt = Number.NEGATIVE_INFINITY;
  await until(async () => {
    if (performance.now() - askedAt > GIVEN_UP_MS) {
      askedAt = performance.now();
      await replica.client.call('CLUSTER', 'FAILOVER');
    }
    return (await wordsOf(replica))?.[2]?.includes('master');
  }, 'a replica that takes over');
  return replica;
}

/** Moves a slot with its keys while the Cluster serves: https://redis.io/docs/latest/commands/cluster-setslot/. */
export async function moveSlot(
  nodes: readonly ClusterNode[],
  slot: number,
  from: ClusterNode,
  to: ClusterNode,
): Promise<void> {
  const [source, target] = [await idOf(from), await idOf(to)];
  const set = (node: ClusterNode, ...state: string[]) =>
    node.client.call('CLUSTER', 'SETSLOT', String(slot), ...state);
  await set(to, 'IMPORTING', source);
  await set(from, 'MIGRATING', target);
  for (;;) {
    const keys = (await from.client.call('CLUSTER', 'GETKEYSINSLOT', slot, KEYS_A_STEP)) as string[];
    if (keys.length === 0) break;
    const password = from.client.options.password ?? '';
    const args = ['127.0.0.1', to.port, '', 0, MIGRATE_MS, 'AUTH', password, 'KEYS', ...keys];
    await from.client.call('MIGRATE', ...args);
  }
  await set(to, 'NODE', target);
  await set(from, 'NODE', target);
  for (const node of nodes) {
    if (node !== to && node !== from && (await wordsOf(node))?.[2]?.includes('master')) {
      await set(node, 'NODE', target);
    }
  }
}
