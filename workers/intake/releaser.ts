import { toFaultEvent } from '../../src/maintenance/fault-event.ts';
import type { Observer } from '../../src/observer.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { PersistentWriter } from '../run/persistent-writer.ts';
import type { RunningJob } from '../run/running-job.ts';

/** Releases jobs that have not started, so that other workers can run them. A release spends no attempt. */
export class Releaser {
  readonly #writer: PersistentWriter;
  readonly #observe: Observer;
  readonly #open = new Set<Promise<unknown>>();

  constructor(writer: PersistentWriter, observe: Observer) {
    this.#writer = writer;
    this.#observe = observe;
  }

  /** Starts the release; a job that cannot be released is recovered when the lease ends. */
  readonly release = (jobs: readonly RunningJob[]): void => {
    for (const keys of new Set(jobs.map(({ delivery }) => delivery.keys))) {
      this.#write(
        keys,
        jobs.filter(({ delivery }) => delivery.keys === keys),
      );
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
