import type { Core } from '../core/core.ts';
import { AppError, invalidCursor } from '../errors.ts';
import { isLeaseName, workerOfLease } from '../lifecycle/consumer-name.ts';
import { PartialRead } from '../redis/cluster/partial-read.ts';
import { timeAt } from '../redis/server-time.ts';
import { decodeCursor, encodeCursor } from '../schemas/values/cursor.ts';
import { isPattern, matchesQueue, servedQueues } from '../schemas/values/queue-patterns.ts';
import { toTimestamp } from '../schemas/values/timestamp.ts';
import type { VisibleQueues } from '../schemas/values/visible-queues.ts';
import type { Worker, WorkerList } from '../schemas/workers/worker.ts';
import { DRAIN_MESSAGE, decodeRecord, LIVE_MS, type StoredWorker } from './record.ts';
import { drainWorker } from './scripts/drain-worker.ts';
import { runningByLease } from './scripts/running-by-lease.ts';
import { visibleWorker } from './visible-worker.ts';

/** Live workers that are listed, as many as are recorded; records of one read; queues that are counted at a time. */
const MOST_WORKERS = 10_000;
const RECORDS_AT_ONCE = 200;
const QUEUES_AT_ONCE = 50;
/** Leases that a worker shows. */
const MOST_LEASES = 256;

/** Names of TypeScript workers are never used again, so their drain may last: it reaches one that was cut off, too. */
const DRAIN_TYPESCRIPT_MS = 86_400_000;

const NAME = /^[A-Za-z0-9_@.-]{1,255}$/;

interface LiveWorker extends StoredWorker {
  /** Unix ms. */
  readonly expiresAt: number;
}

/** A worker, and what the client may know of it. */
interface SeenWorker {
  readonly whole: LiveWorker;
  readonly worker: LiveWorker;
}

/** Lists workers of both kinds, and drains them. */
export class Workers {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * A page of the live workers of queues that the client may read, ordered by name.
   *
   * @throws {AppError} invalid-request for a cursor that no page gave.
   */
  async list(
    { queue, limit, cursor }: { queue?: string; limit: number; cursor?: string },
    visible?: VisibleQueues,
  ): Promise<WorkerList> {
    const after = cursor === undefined ? '' : decodeCursor(cursor);
    if (cursor !== undefined && !NAME.test(after)) throw invalidCursor();
    const page: LiveWorker[] = [];
    for await (const { worker } of this.#live(after, visible)) {
      if (queue !== undefined && !worker.queues.some((wanted) => matchesQueue(wanted, queue))) continue;
      page.push(worker);
      if (page.length > limit) break;
    }
    const part = new PartialRead(this.#core.redis);
    const items = await this.#views(page.slice(0, limit), part);
    const last = items.at(-1);
    const hasMore = page.length > limit && last !== undefined;
    return { items, ...(hasMore && { nextCursor: encodeCursor(last.name) }), ...part.missing };
  }

  /** Resolves to what counts the live workers that take jobs of a queue; those that drain do not. */
  async counter(): Promise<(queue: string) => number> {
    const byName = new Map<string, number>();
    /** By what their QUEUES says, which many workers share. */
    const byPatterns = new Map<string, { queues: readonly string[]; workers: number }>();
    for await (const { whole } of this.#live('', undefined)) {
      const { queues, isStopping } = whole;
      if (isStopping) continue;
      if (queues.some(isPattern)) {
        const text = queues.join();
        const group = byPatterns.get(text) ?? { queues, workers: 0 };
        group.workers += 1;
        byPatterns.set(text, group);
      } else for (const name of queues) byName.set(name, (byName.get(name) ?? 0) + 1);
    }
    const groups = [...byPatterns.values()];
    return (queue) =>
      groups.reduce(
        (sum, { queues, workers }) => sum + (queues.some((one) => matchesQueue(one, queue)) ? workers : 0),
        byName.get(queue) ?? 0,
      );
  }

  /** @param name of a worker, or of a lease. @throws {AppError} worker-not-found, also where the client may read none of its queues. */
  async get(name: string, visible?: VisibleQueues): Promise<Worker> {
    const { worker } = await this.#find(name, visible);
    const [view] = await this.#views([worker]);
    return view ?? notFound(name);
  }

  /**
   * The worker takes no more jobs from now on.
   *
   * @param permit throws unless the client may do that to all of these queues, or patterns.
   * @throws {AppError} as `get`.
   */
  async drain(
    name: string,
    visible?: VisibleQueues,
    permit: (queues: readonly string[]) => void = () => undefined,
  ): Promise<Worker> {
    const { redis, keySpace, queues } = this.#core;
    const { whole: worker } = await this.#find(name, visible);
    permit(worker.queues);
    const isHttp = worker.kind === 'http';
    const isAsked = await drainWorker(
      redis,
      keySpace.workers,
      worker.name,
      isHttp ? LIVE_MS : DRAIN_TYPESCRIPT_MS,
    );
    if (!isAsked) notFound(name);
    const [queue] = isHttp ? [] : servedQueues(worker.queues, await queues.names()).queues;
    if (queue !== undefined) {
      // The worker would learn of it with its next report; this tells it now.
      const { control } = keySpace.queue(queue);
      await redis.xadd(control, 'MAXLEN', '~', 1_000, '*', DRAIN_MESSAGE, worker.name);
    }
    return this.get(worker.name, visible);
  }

  async #find(name: string, visible: VisibleQueues | undefined): Promise<SeenWorker> {
    const own = isLeaseName(name) ? workerOfLease(name) : name;
    for await (const seen of this.#live('', visible)) {
      if (seen.whole.name === own || seen.whole.leases?.includes(name)) return seen;
    }
    return notFound(name);
  }

  /** Live workers by name, in bounded reads. */
  async *#live(after: string, visible: VisibleQueues | undefined): AsyncGenerator<SeenWorker> {
    const { redis, keySpace, queues } = this.#core;
    const { workers, records } = keySpace.workers;
    const [now, existing] = await Promise.all([timeAt(redis, workers), visible ? queues.names() : []]);
    const range = [workers, now, '+inf', 'BYSCORE', 'LIMIT', 0, MOST_WORKERS, 'WITHSCORES'] as const;
    const flat = await redis.zrange(...range);
    const live = flat
      .flatMap((name, i) => (i % 2 === 0 && name > after ? [{ name, expiresAt: Number(flat[i + 1]) }] : []))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
    for (let first = 0; first < live.length; first += RECORDS_AT_ONCE) {
      const some = live.slice(first, first + RECORDS_AT_ONCE);
      const texts = await redis.hmget(records, ...some.map(({ name }) => name));
      for (const [i, { name, expiresAt }] of some.entries()) {
        const record = decodeRecord(name, texts[i] ?? '');
        if (record === undefined) continue;
        const whole = { ...record, expiresAt };
        const seen = visibleWorker(whole, visible, existing);
        if (seen !== undefined) yield { whole, worker: { ...whole, ...seen } };
      }
    }
  }

  /** Jobs of missing queues are not counted as running. */
  async #views(workers: readonly LiveWorker[], part = new PartialRead(this.#core.redis)): Promise<Worker[]> {
    if (workers.length === 0) return [];
    const { redis, keySpace } = this.#core;
    const now = await timeAt(redis, keySpace.workers.workers);
    const names = workers.map(({ name }) => name);
    const [drains, running] = await Promise.all([
      redis.zmscore(keySpace.workers.draining, ...names),
      this.#running(workers, part),
    ]);
    return workers.map((worker, i) => viewOf(worker, Number(drains[i] ?? 0) > now, running));
  }

  /** Jobs by lease, in all queues of the workers. */
  async #running(workers: readonly LiveWorker[], part: PartialRead): Promise<ReadonlyMap<string, number>> {
    const { redis, keySpace, queues: registry } = this.#core;
    const hasPatterns = workers.some(({ queues }) => queues.some(isPattern));
    const existing = hasPatterns ? await registry.names() : [];
    const queues = [...new Set(workers.flatMap((worker) => servedQueues(worker.queues, existing).queues))];
    const running = new Map<string, number>();
    for (let first = 0; first < queues.length; first += QUEUES_AT_ONCE) {
      const some = queues.slice(first, first + QUEUES_AT_ONCE);
      const counts = await Promise.all(
        some.map((queue) =>
          part.of(keySpace.queue(queue), () => runningByLease(redis, keySpace.queue(queue))),
        ),
      );
      for (const [lease, jobs] of counts.flatMap((one) => one ?? []))
        running.set(lease, (running.get(lease) ?? 0) + jobs);
    }
    return running;
  }
}

function viewOf(worker: LiveWorker, isAsked: boolean, running: ReadonlyMap<string, number>): Worker {
  const { name, kind, queues, tasks, host, pid, release, processes, concurrency } = worker;
  const isOwn = (lease: string) => isLeaseName(lease) && workerOfLease(lease) === name;
  const leases = kind === 'http' ? [...running.keys()].filter(isOwn) : (worker.leases ?? []);
  return {
    name,
    kind,
    queues: [...queues],
    ...(tasks && { tasks: [...tasks] }),
    ...(host !== undefined && { host }),
    ...(pid !== undefined && { pid }),
    ...(release !== undefined && { release }),
    startedAt: toTimestamp(worker.startedAt),
    lastSeenAt: toTimestamp(worker.seenAt),
    expiresAt: toTimestamp(worker.expiresAt),
    running: leases.reduce((sum, lease) => sum + (running.get(lease) ?? 0), 0),
    ...(processes !== undefined && { processes }),
    ...(concurrency !== undefined && { concurrency }),
    leases: leases.slice(0, MOST_LEASES),
    draining: isAsked || worker.isStopping === true,
  };
}

function notFound(name: string): never {
  const detail = `There is no worker "${name}": none of this name has reported lately. GET /workers lists them.`;
  throw new AppError('worker-not-found', detail);
}
