import { setTimeout as sleep } from 'node:timers/promises';
import { slotOf } from '../../../../src/redis/cluster/slots.ts';
import { queueKeys } from '../../../../src/redis/keys.ts';
import { ONE_STEP_MS } from '../../../helpers/jobs/submit-load.ts';
import { type ClusterNode, type StartedCluster, startCluster } from '../../../helpers/redis/cluster.ts';
import {
  failOver,
  moveSlot,
  primaryOfSlot,
  replicaOf,
  untilFollows,
} from '../../../helpers/redis/cluster-moves.ts';
import { until } from '../../../helpers/redis/server.ts';
import { isCommand } from '../commands.ts';
import { RedisProxy } from '../proxy.ts';
import type { FailoverBed } from './play.ts';
import type { Fault, Hit } from './round.ts';
import { HTTP_QUEUES, WORKER_QUEUES } from './stack.ts';

const SLOTS = 16_384;
const PRIMARIES = 3;
const NODE_TIMEOUT_MS = 1_000;
/** Longer than a primary hangs. */
const PATIENT_MS = 15_000;
const HANG_MS = 5_000;
const CUT_MS = 3_000;
const LOST_REPLIES = 4;
const SUBMIT = isCommand('submit', 'xadd');

const slotOfQueue = (queue: string): number => slotOf(queueKeys('mr', queue).events);

/** A Cluster of three primaries with a replica each. Between the API and each node there is a network of its own. */
export async function startClusterBed(): Promise<FailoverBed> {
  const cluster = await startCluster({ replicas: 1, persistent: true });
  const nodes = [...cluster.primaries, ...cluster.replicas];
  const proxies = new Map<ClusterNode, RedisProxy>();
  for (const node of nodes) proxies.set(node, await RedisProxy.listen(node.server.url));
  const faults = new ClusterFaults(cluster, nodes, proxies);
  const natMap = [...proxies].map(
    ([{ port }, { url }]) => `127.0.0.1:${port}=127.0.0.1:${new URL(url).port}`,
  );
  const thirds = Array.from({ length: PRIMARIES }, (_, i) => i);
  return {
    stack: {
      apiUrl: [...proxies].reduce(
        (url, [{ port }, proxy]) => url.replace(`:${port}`, `:${new URL(proxy.url).port}`),
        cluster.url,
      ),
      workerUrl: cluster.url,
      apiEnv: { REDIS_NAT_MAP: natMap.join(',') },
    },
    faults: [
      ...thirds.map((i) => faults.killPrimary(i)),
      ...thirds.map((i) => faults.killReplica(i)),
      faults.hang(0),
      faults.hangLong(1),
      faults.cut(2),
      faults.loseReplies(0),
      faults.failOver(0),
      faults.move('q1'),
      faults.move('h0'),
      faults.grow(['q0', 'q2', 'h1']),
    ],
    async stop() {
      for (const proxy of proxies.values()) {
        proxy.heal();
        await proxy.close();
      }
      await cluster.stop();
    },
  };
}

/** What can happen to a Cluster. A number chooses the primary of that third of the slots. */
class ClusterFaults {
  readonly #cluster: StartedCluster;
  readonly #nodes: ClusterNode[];
  readonly #proxies: ReadonlyMap<ClusterNode, RedisProxy>;

  constructor(cluster: StartedCluster, nodes: ClusterNode[], proxies: ReadonlyMap<ClusterNode, RedisProxy>) {
    this.#cluster = cluster;
    this.#nodes = nodes;
    this.#proxies = proxies;
  }

  killPrimary(third: number): Fault {
    return this.#atPrimary(`kill -9 of primary ${third}`, third, ONE_STEP_MS, async (primary) => {
      await replicaOf(this.#nodes, primary);
      process.kill(primary.server.pid, 'SIGKILL');
      const at = Date.now();
      await primary.server.exited;
      // It comes back while jobs flow: none may be accepted there.
      return { at, mend: () => this.#restart(primary) };
    });
  }

  killReplica(third: number): Fault {
    return this.#atPrimary(`kill -9 of replica ${third}`, third, 0, async (primary) => {
      const replica = await replicaOf(this.#nodes, primary);
      process.kill(replica.server.pid, 'SIGKILL');
      const at = Date.now();
      await replica.server.exited;
      return { at, mend: () => this.#restart(replica) };
    });
  }

  /** A black hole that is shorter than cluster-node-timeout: nobody takes over. */
  hang(third: number): Fault {
    return this.#atPrimary(`SIGSTOP of primary ${third}, 5 s, no failover`, third, 0, async (primary) => {
      await this.#setTimeout(PATIENT_MS);
      process.kill(primary.server.pid, 'SIGSTOP');
      const at = Date.now();
      await sleep(HANG_MS);
      process.kill(primary.server.pid, 'SIGCONT');
      return { at, mend: () => this.#setTimeout(NODE_TIMEOUT_MS) };
    });
  }

  /** The replica takes over, and the stale primary comes back. */
  hangLong(third: number): Fault {
    return this.#atPrimary(
      `SIGSTOP of primary ${third} until failover`,
      third,
      ONE_STEP_MS,
      async (primary) => {
        await replicaOf(this.#nodes, primary);
        process.kill(primary.server.pid, 'SIGSTOP');
        const at = Date.now();
        const mend = async () => {
          process.kill(primary.server.pid, 'SIGCONT');
          await untilFollows(primary);
        };
        return { at, mend };
      },
    );
  }

  /** The API does not reach a primary, which all others reach. */
  cut(third: number): Fault {
    return this.#atPrimary(`cut between API and primary ${third}, 3 s`, third, 0, async (primary) => {
      const proxy = this.#proxyOf(primary);
      proxy.blackHole();
      const at = Date.now();
      await sleep(CUT_MS);
      proxy.heal();
      return { at };
    });
  }

  /** A submit is stored, and its answer is lost. */
  loseReplies(third: number): Fault {
    return this.#atPrimary(`${LOST_REPLIES} lost replies of primary ${third}`, third, 0, async (primary) => {
      const proxy = this.#proxyOf(primary);
      const at = Date.now();
      for (let i = 0; i < LOST_REPLIES; i += 1) {
        const before = proxy.dropped;
        proxy.dropReplies(1, SUBMIT);
        await until(() => proxy.dropped > before, 'a lost reply');
      }
      return { at };
    });
  }

  failOver(third: number): Fault {
    return this.#atPrimary(`CLUSTER FAILOVER of primary ${third}`, third, 0, async (primary) => {
      const at = Date.now();
      await failOver(this.#nodes, primary);
      return { at, mend: () => untilFollows(primary) };
    });
  }

  /** The slot of a queue goes to another primary with all keys. */
  move(queue: string): Fault {
    return {
      name: `slot of ${queue} to another primary`,
      lossMs: 0,
      make: async () => {
        const slot = slotOfQueue(queue);
        const from = await this.#primary(slot);
        const others = await Promise.all([0, 1, 2].map((third) => this.#primary(middleOf(third))));
        const to = others.find((one) => one !== from) ?? from;
        const at = Date.now();
        await moveSlot(this.#nodes, slot, from, to);
        return { at, queues: [queue] };
      },
    };
  }

  /** A node is added, and slots of queues go to it. */
  grow(queues: readonly string[]): Fault {
    return {
      name: `new primary with the slots of ${queues.join(', ')}`,
      lossMs: 0,
      make: async () => {
        const at = Date.now();
        const node = await this.#cluster.addNode();
        this.#nodes.push(node);
        for (const queue of queues) {
          const slot = slotOfQueue(queue);
          await moveSlot(this.#nodes, slot, await this.#primary(slot), node);
        }
        return { at, queues };
      },
    };
  }

  #atPrimary(
    name: string,
    third: number,
    lossMs: number,
    make: (primary: ClusterNode) => Promise<Omit<Hit, 'queues'>>,
  ): Fault {
    return {
      name,
      lossMs,
      make: async () => {
        const primary = await this.#primary(middleOf(third));
        const all = [...WORKER_QUEUES, ...HTTP_QUEUES];
        const primaries = await Promise.all(all.map((queue) => this.#primary(slotOfQueue(queue))));
        const queues = all.filter((_, i) => primaries[i] === primary);
        return { queues, ...(await make(primary)) };
      },
    };
  }

  #primary(slot: number): Promise<ClusterNode> {
    return primaryOfSlot(this.#nodes, slot);
  }

  #proxyOf(node: ClusterNode): RedisProxy {
    const proxy = this.#proxies.get(node);
    if (proxy === undefined) throw new Error(`node ${node.port} has no proxy`);
    return proxy;
  }

  async #restart(node: ClusterNode): Promise<void> {
    await node.restart();
    await untilFollows(node);
  }

  async #setTimeout(ms: number): Promise<void> {
    await Promise.all(this.#nodes.map(({ client }) => client.config('SET', 'cluster-node-timeout', ms)));
  }
}

const middleOf = (third: number): number => Math.floor(((third + 0.5) * SLOTS) / PRIMARIES);
