import type { Core } from '../../src/core/core.ts';
import { redisFaults } from '../../src/core/health.ts';
import { shareCall } from '../../src/core/share-call.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { redisTime } from '../../src/redis/server-time.ts';
import type { ManagedProcess } from './managed-process.ts';

export interface WorkerReadiness {
  readonly ready: boolean;
  /** Why the worker is not ready; empty when it is. */
  readonly reasons: readonly string[];
}

export interface WorkerHealthParts {
  readonly core: Pick<Core, 'redis' | 'clock'>;
  /** The queues that it serves now. */
  readonly queues: readonly QueueKeys[];
  /** The processes that take jobs. */
  readonly processes: () => readonly Pick<
    ManagedProcess,
    'consumer' | 'pid' | 'isStarted' | 'heartbeats' | 'reports'
  >[];
  /** How many there should be. */
  readonly wanted: number;
  readonly isStopping: () => boolean;
  /** The last fault of the connection to Redis. */
  readonly lastFault: () => Error | undefined;
}

/** Reasons that an answer names: a worker may have hundreds of processes and a thousand queues. */
const MOST_REASONS = 20;
/** A Redis that has not told of the leases after this long does not serve, ms. */
const LEASES_MS = 1_000;

/**
 * Whether this worker really works: its processes move and read their queues, and their leases stand in Redis now. Each
 * question looks again, and is answered in little more than a second.
 */
export class WorkerHealth {
  readonly #parts: WorkerHealthParts;
  readonly check: () => Promise<WorkerReadiness>;

  constructor(parts: WorkerHealthParts) {
    this.#parts = parts;
    this.check = shareCall(() => this.#check());
  }

  async #check(): Promise<WorkerReadiness> {
    const { core, isStopping, lastFault } = this.#parts;
    const [redis, leases] = await Promise.all([redisFaults(core.redis, lastFault), this.#leaseFaults()]);
    const stopping = isStopping() ? ['The worker is stopping.'] : [];
    // A Redis that does not answer explains why nothing is known of the leases.
    const reasons = [...stopping, ...redis, ...this.#processFaults(), ...(redis.length > 0 ? [] : leases)];
    return { ready: reasons.length === 0, reasons: reasons.slice(0, MOST_REASONS) };
  }

  #processFaults(): string[] {
    const { processes, wanted } = this.#parts;
    const started = processes().filter(({ isStarted }) => isStarted);
    const missing = started.length < wanted ? [`${started.length} of ${wanted} processes have started.`] : [];
    const faults = started.flatMap(({ pid, heartbeats, reports }) => {
      const fault = heartbeats.isSuspended ? 'it is suspended' : reports.fault;
      return fault === undefined ? [] : [`Process ${pid}: ${fault}.`];
    });
    return [...missing, ...faults];
  }

  async #leaseFaults(): Promise<string[]> {
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<string[]>((resolve) => {
      timer = setTimeout(() => resolve(['Redis does not tell whether the leases stand.']), LEASES_MS);
    });
    const read = this.#readLeases().catch((error: unknown) => [
      `The leases cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    ]);
    const faults = await Promise.race([read, silent]);
    clearTimeout(timer);
    return faults;
  }

  async #readLeases(): Promise<string[]> {
    const { core, queues, processes } = this.#parts;
    const started = processes().filter(({ isStarted }) => isStarted);
    const served = [...queues];
    if (started.length === 0 || served.length === 0) return [];
    const consumers = started.map(({ consumer }) => consumer);
    const reads = served.map(({ leases }) => core.redis.zmscore(leases, ...consumers));
    const [now, ...ends] = await Promise.all([redisTime(core.redis), ...reads]);
    return served.flatMap(({ queue }, i) =>
      started.flatMap(({ pid }, j) =>
        Number(ends[i]?.[j] ?? 0) > now
          ? []
          : [`Process ${pid}: its lease on queue ${queue} does not stand.`],
      ),
    );
  }
}
