import type { QueueRegistry } from '../../src/core/queue-registry.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { KeySpace } from '../../src/redis/keyspace.ts';
import type { Batcher } from '../intake/batcher.ts';
import type { ConcurrencyLimiter } from '../intake/concurrency-limiter.ts';
import { serveQueues } from '../intake/queue-state.ts';
import type { TakeLoop } from '../intake/take-loop.ts';
import type { RunningJob } from '../run/running-job.ts';

export interface ServedQueuesParts {
  /** Changed in place. */
  queues: QueueKeys[];
  /** The list in QUEUES: a queue that it names is served whether it exists or not. */
  wanted: readonly string[];
  registry: Pick<QueueRegistry, 'withoutStreams'>;
  keySpace: KeySpace;
  batcher: Pick<Batcher, 'states'>;
  limiter: Pick<ConcurrencyLimiter<RunningJob>, 'held'>;
  takeLoop: Pick<TakeLoop, 'queuesChanged'>;
}

/** Changes the queues that a process serves while it runs. */
export class ServedQueues {
  readonly #parts: ServedQueuesParts;

  constructor(parts: ServedQueuesParts) {
    this.#parts = parts;
  }

  /** Serves these queues from now on. Jobs that it holds of another one are finished. */
  serve(names: readonly string[]): void {
    const { queues, keySpace, batcher, limiter, takeLoop } = this.#parts;
    const known = new Map(batcher.states.map(({ keys }) => [keys.queue, keys]));
    queues.splice(0, queues.length, ...names.map((name) => known.get(name) ?? keySpace.queue(name)));
    if (serveQueues(batcher.states, queues, limiter.held)) takeLoop.queuesChanged();
  }

  /** Drops those of the queues that were removed, before the supervisor says so, and returns them. */
  readonly dropRemoved = async (asked: readonly QueueKeys[]): Promise<readonly QueueKeys[]> => {
    const { queues, wanted, registry } = this.#parts;
    const gone = await registry.withoutStreams(asked.filter(({ queue }) => !wanted.includes(queue)));
    const left = queues.filter((keys) => !gone.includes(keys));
    if (left.length < queues.length) this.serve(left.map(({ queue }) => queue));
    return gone;
  };
}
