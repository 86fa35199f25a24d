import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisServer } from '../../../../src/local/redis-server.ts';
import { callRedis } from '../../../../src/local/resp.ts';
import { ONE_STEP_MS } from '../../../helpers/jobs/submit-load.ts';
import {
  askBed,
  PRIMARY_NAME,
  SENTINEL_PASSWORD,
  type StartedSentinels,
  startSentinels,
} from '../../../helpers/redis/sentinel.ts';
import { until } from '../../../helpers/redis/server.ts';
import { RedisProxy } from '../proxy.ts';
import type { FailoverBed } from './play.ts';
import type { Fault, Hit } from './round.ts';
import { HTTP_QUEUES, WORKER_QUEUES } from './stack.ts';

const DOWN_AFTER_MS = 1_000;
/** Longer than a primary hangs. */
const PATIENT_MS = 15_000;
const HANG_MS = 5_000;
const CUT_MS = 3_000;
/** Longer than it takes until the old primary has no replica. */
const SWITCH_MS = 5_000;
const PAUSED_MS = 10_000;
const QUEUES = [...WORKER_QUEUES, ...HTTP_QUEUES];

/** A primary with two replicas and three sentinels. Between the API and each server there is a network of its own. */
export async function startSentinelBed(): Promise<FailoverBed> {
  const settings = { 'min-replicas-to-write': '1', 'min-replicas-max-lag': '10' };
  const bed = await startSentinels({ settings });
  const proxies = new Map<string, RedisProxy>();
  for (const { url } of bed.servers) proxies.set(url, await RedisProxy.listen(url));
  const faults = new SentinelFaults(bed, proxies);
  const natMap = [...proxies].map(([told, { url }]) => `${new URL(told).host}=${new URL(url).host}`);
  return {
    stack: {
      apiUrl: bed.url,
      workerUrl: bed.url,
      env: { SENTINEL_PASSWORD },
      apiEnv: { REDIS_NAT_MAP: natMap.join(',') },
    },
    faults: [
      faults.killPrimary(),
      faults.killReplica(0),
      faults.killReplica(1),
      faults.hang(),
      faults.hangLong(),
      faults.cut(),
      faults.failOver(),
      faults.failOverPaused(),
    ],
    async stop() {
      for (const proxy of proxies.values()) {
        proxy.heal();
        await proxy.close();
      }
      await bed.stop();
    },
  };
}

/** What can happen to servers under Sentinel. */
class SentinelFaults {
  readonly #bed: StartedSentinels;
  readonly #proxies: ReadonlyMap<string, RedisProxy>;

  constructor(bed: StartedSentinels, proxies: ReadonlyMap<string, RedisProxy>) {
    this.#bed = bed;
    this.#proxies = proxies;
  }

  killPrimary(): Fault {
    return this.#atPrimary('kill -9 of the primary', ONE_STEP_MS, async (primary) => {
      process.kill(primary.pid, 'SIGKILL');
      const at = Date.now();
      await primary.exited;
      // It comes back while jobs flow: none may be accepted there.
      return { at, mend: () => this.#restart(primary) };
    });
  }

  killReplica(which: number): Fault {
    return this.#atPrimary(`kill -9 of replica ${which}`, 0, async (primary) => {
      const replica = this.#bed.servers.filter((server) => server !== primary)[which];
      if (replica === undefined) throw new Error(`there is no replica ${which}`);
      process.kill(replica.pid, 'SIGKILL');
      const at = Date.now();
      await replica.exited;
      return { at, mend: () => this.#restart(replica) };
    });
  }

  /** A black hole that is shorter than down-after-milliseconds: nobody takes over. */
  hang(): Fault {
    return this.#atPrimary('SIGSTOP of the primary, 5 s, no failover', 0, async (primary) => {
      await this.#setDownAfter(PATIENT_MS);
      process.kill(primary.pid, 'SIGSTOP');
      const at = Date.now();
      await sleep(HANG_MS);
      process.kill(primary.pid, 'SIGCONT');
      return { at, mend: () => this.#setDownAfter(DOWN_AFTER_MS) };
    });
  }

  /** A replica takes over, and the stale primary comes back. */
  hangLong(): Fault {
    return this.#atPrimary('SIGSTOP of the primary until failover', ONE_STEP_MS, async (primary) => {
      process.kill(primary.pid, 'SIGSTOP');
      const at = Date.now();
      const mend = async () => {
        process.kill(primary.pid, 'SIGCONT');
        await untilReplica(primary);
      };
      return { at, mend };
    });
  }

  /** The API does not reach the primary, which all others reach. */
  cut(): Fault {
    return this.#atPrimary('cut between API and primary, 3 s', 0, async (primary) => {
      const proxy = this.#proxies.get(primary.url);
      proxy?.blackHole();
      const at = Date.now();
      await sleep(CUT_MS);
      proxy?.heal();
      return { at };
    });
  }

  /** The old primary serves until its replicas have left it, and does not know that it is the old one. */
  failOver(): Fault {
    return this.#failOver('SENTINEL FAILOVER', SWITCH_MS);
  }

  /** As docs/how-to/scale.md advises. */
  failOverPaused(): Fault {
    return this.#failOver('SENTINEL FAILOVER, writes paused', 0);
  }

  #failOver(name: string, lossMs: number): Fault {
    return this.#atPrimary(name, lossMs, async (primary) => {
      // A sentinel refuses while the failover before goes on.
      const order = async () => {
        const [sentinel] = this.#bed.sentinels;
        if (lossMs === 0) await callRedis(primary.url, ['CLIENT', 'PAUSE', String(PAUSED_MS), 'WRITE']);
        return sentinel !== undefined && (await askBed(sentinel, 'FAILOVER', PRIMARY_NAME)) === 'OK';
      };
      await until(order, 'a failover that begins');
      const at = Date.now();
      await until(async () => (await this.#primary()) !== primary, 'another primary');
      return { at, mend: () => untilReplica(primary) };
    });
  }

  #atPrimary(
    name: string,
    lossMs: number,
    make: (primary: RedisServer) => Promise<Omit<Hit, 'queues'>>,
  ): Fault {
    return {
      name,
      lossMs,
      make: async () => {
        const primary = await until(() => this.#primary(), 'a primary');
        await until(() => this.#isWhole(primary), 'replicas that follow');
        return { queues: QUEUES, ...(await make(primary)) };
      },
    };
  }

  #primary(): Promise<RedisServer | undefined> {
    return this.#bed.primary().catch(() => undefined);
  }

  async #isWhole({ url }: RedisServer): Promise<boolean> {
    const info = String(await callRedis(url, ['INFO', 'replication']));
    return info.match(/state=online/g)?.length === this.#bed.servers.length - 1;
  }

  async #restart(server: RedisServer): Promise<void> {
    await untilReplica(await this.#bed.restart(server));
  }

  async #setDownAfter(ms: number): Promise<void> {
    for (const sentinel of this.#bed.sentinels) {
      await askBed(sentinel, 'SET', PRIMARY_NAME, 'down-after-milliseconds', String(ms));
    }
  }
}

const untilReplica = ({ url }: RedisServer): Promise<boolean> =>
  until(async () => {
    const info = await callRedis(url, ['INFO', 'replication']).catch(() => '');
    return String(info).includes('master_link_status:up');
  }, 'a server that follows the primary');
