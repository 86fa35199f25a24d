import type { Settled, Unrunnable } from '../../src/lifecycle/consumer.ts';
import type { Observer } from '../../src/observer.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { PersistentWriter } from './persistent-writer.ts';

interface Waiting {
  readonly job: Unrunnable;
  readonly onSettled: (settled: Settled) => void;
  readonly onError: (error: unknown) => void;
}

/** Hands jobs that this worker cannot run over to others. One call takes all of one turn of the event loop in a queue. */
export class Holder {
  readonly #writer: Pick<PersistentWriter, 'hold'>;
  readonly #lease: string;
  readonly #observe: Observer;
  readonly #waiting = new Map<QueueKeys, Waiting[]>();

  constructor(writer: Pick<PersistentWriter, 'hold'>, lease: string, observe: Observer) {
    this.#writer = writer;
    this.#lease = lease;
    this.#observe = observe;
  }

  /** One of the callbacks is called when Redis has answered. */
  hold(keys: QueueKeys, waiting: Waiting): void {
    const others = this.#waiting.get(keys);
    if (others !== undefined) {
      others.push(waiting);
      return;
    }
    this.#waiting.set(keys, [waiting]);
    setImmediate(() => {
      const all = this.#waiting.get(keys) ?? [];
      this.#waiting.delete(keys);
      void this.#write(keys, all);
    });
  }

  async #write(keys: QueueKeys, all: readonly Waiting[]): Promise<void> {
    try {
      const settled = await this.#writer.hold(
        keys,
        all.map(({ job }) => job),
      );
      this.#observe({ kind: 'jobs-held', queue: keys.queue, lease: this.#lease, jobs: all.length });
      all.forEach(({ onSettled }, i) => {
        onSettled(settled[i] ?? 'stale');
      });
    } catch (error) {
      for (const { onError } of all) onError(error);
    }
  }
}
