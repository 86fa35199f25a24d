import { encodeCheckpoint } from '../../../src/attempts/checkpoint.ts';
import { JobAborted } from '../abort.ts';
import type { PersistentWriter } from '../persistent-writer.ts';
import type { RunningJob } from '../running-job.ts';

/** Writes the checkpoints of one attempt, one at a time. One that waits for its turn is replaced by a later one. */
export class CheckpointWriter {
  readonly #writer: Pick<PersistentWriter, 'checkpoint'>;
  readonly #running: RunningJob;
  #last: Promise<unknown> = Promise.resolve();
  #waiting: { text: string; readonly written: Promise<void> } | undefined;
  #isClosed = false;

  constructor(writer: Pick<PersistentWriter, 'checkpoint'>, running: RunningJob) {
    this.#writer = writer;
    this.#running = running;
  }

  /** Resolves once this value, or a later one, is stored; rejects otherwise, and the former one stays. */
  readonly write = async (value: unknown): Promise<void> => {
    const text = encodeCheckpoint(value);
    if (this.#isClosed) throw new Error('The attempt has ended: its checkpoint is not stored');
    if (this.#waiting !== undefined) {
      this.#waiting.text = text;
      return this.#waiting.written;
    }
    const waiting = { text, written: this.#last.then(() => this.#store()) };
    this.#waiting = waiting;
    this.#last = waiting.written.catch(() => undefined);
    return waiting.written;
  };

  close(): void {
    this.#isClosed = true;
  }

  async #store(): Promise<void> {
    const text = this.#waiting?.text ?? 'null';
    this.#waiting = undefined;
    const { ref, token, delivery } = this.#running;
    if (await this.#writer.checkpoint(delivery.keys, { ref, token }, text)) return;
    if (!this.#isClosed) this.#running.abort('lease-lost');
    throw new JobAborted('lease-lost');
  }
}
