import { toFaultEvent } from '../../src/maintenance/fault-event.ts';
import type { Observer } from '../../src/observer.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { PersistentWriter } from '../run/persistent-writer.ts';
import type { RunningJob } from '../run/running-job.ts';

/** Releases jobs that have not started, so that other workers can run them. A release spends no attempt. */
export class Releaser {
  readonly #writer: PersistentWriter;
  readonly #queues: readonly QueueKeys[];
  readonly #observe: Observer;
  readonly #open = new Set<Promise<unknown>>();

  constructor(writer: PersistentWriter, queues: readonly QueueKeys[], observe: Observer) {
    this.#writer = writer;
    this.#queues = queues;
    this.#observe = observe;
  }

  /** Starts the release; a job that cannot be released is recovered when the lease ends. */
  readonly release = (jobs: readonly RunningJob[]): void => {
    if (jobs.length === 0) return;
    for (const keys of this.#queues) {
      const own = jobs.filter(({ delivery }) => delivery.keys === keys);
      if (own.length > 0) this.#write(keys, own);
    }
  };

  /** Resolves when every release that was started has ended. */
  async whenDone(): Promise<void> {
    await Promise.all(this.#open);
  }

  #write(keys: QueueKeys, jobs: readonly RunningJob[]): void {
    const written = this.#writer
      .release(keys, jobs)
      .catch((error: unknown) => this.#observe(toFaultEvent('release', error)))
      .finally(() => this.#open.delete(written));
    this.#open.add(written);
  }
}
