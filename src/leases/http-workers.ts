import type { Core } from '../core/core.ts';
import { parseWorkerName } from '../lifecycle/consumer-name.ts';
import { timeAt } from '../redis/server-time.ts';
import { encodeRecord, LIVE_MS } from '../workers/record.ts';
import { reportWorker } from '../workers/scripts/report-worker.ts';

/** A worker that sends requests is recorded this often. */
const RECORD_EVERY_MS = 20_000;
/** How soon every API process knows of a drain. */
const LOOK_EVERY_MS = 1_000;
/** Without a request of a worker for this long, nobody asks for drains. */
const IDLE_AFTER_MS = 120_000;
/** Names come from outside: the memory of them must not grow without bound. */
const MAX_REMEMBERED = 10_000;

/** What a request tells about its worker. */
export interface SeenWorker {
  readonly queues: readonly string[];
  /** Undefined stands for all. */
  readonly tasks: readonly string[] | undefined;
  readonly leaseMs: number;
}

/** Records workers over HTTP by their names, at most one write in 20 s for each, and knows which of them are to drain. */
export class HttpWorkers {
  readonly #core: Core;
  readonly #onDraining: (names: ReadonlySet<string>) => void;
  /** Monotonic ms. */
  readonly #reportedAt = new Map<string, number>();
  #seenAt = Number.NEGATIVE_INFINITY;
  #draining: ReadonlySet<string> = new Set();

  /** @param onDraining called once a second while some drain. */
  constructor(core: Core, onDraining: (names: ReadonlySet<string>) => void) {
    this.#core = core;
    this.#onDraining = onDraining;
  }

  isDraining(name: string): boolean {
    return this.#draining.has(name);
  }

  /** The worker asks for jobs. */
  takes(name: string, { queues, tasks, leaseMs }: SeenWorker): Promise<void> {
    const record = encodeRecord({ kind: 'http', queues, tasks, ...parseWorkerName(`${name}.${NO_LEASE}`) });
    return this.#report(name, record, leaseMs, undefined);
  }

  /** The worker holds jobs: a drain goes on while it does. */
  holds(name: string, leaseMs: number): Promise<void> {
    return this.#report(name, '', leaseMs, Math.max(LIVE_MS, leaseMs));
  }

  /** Reads who is to drain; resolves to the time until the next look, ms. */
  readonly run = async (): Promise<number> => {
    const { redis, keySpace, clock } = this.#core;
    if (clock.monotonic() - this.#seenAt > IDLE_AFTER_MS) return LOOK_EVERY_MS;
    const { draining } = keySpace.workers;
    const names = await redis.zrange(
      draining,
      await timeAt(redis, draining),
      '+inf',
      'BYSCORE',
      'LIMIT',
      0,
      MAX_REMEMBERED,
    );
    this.#draining = new Set(names);
    if (names.length > 0) this.#onDraining(this.#draining);
    return LOOK_EVERY_MS;
  };

  async #report(name: string, record: string, leaseMs: number, drainMs: number | undefined): Promise<void> {
    const { redis, keySpace, clock } = this.#core;
    const now = clock.monotonic();
    this.#seenAt = now;
    if (now - (this.#reportedAt.get(name) ?? Number.NEGATIVE_INFINITY) < RECORD_EVERY_MS) return;
    if (this.#reportedAt.size >= MAX_REMEMBERED) this.#reportedAt.clear();
    this.#reportedAt.set(name, now);
    try {
      const ttlMs = Math.max(LIVE_MS, leaseMs);
      const drains = await reportWorker(redis, keySpace.workers, name, record, { ttlMs, drainMs });
      if (drains) this.#draining = new Set([...this.#draining, name]);
    } catch (error) {
      this.#reportedAt.delete(name);
      throw error;
    }
  }
}

/** The name of a lease is that of its worker, and this. */
const NO_LEASE = '0'.repeat(24);
