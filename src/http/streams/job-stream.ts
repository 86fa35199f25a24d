import type { PositionedEvent } from '../../events/decode.ts';
import type { EventChunk } from '../../events/event-chunk.ts';
import type { Gap } from '../../events/gaps.ts';
import type { Reader } from '../../events/subscribers.ts';
import { entryTime } from '../../redis/job-id.ts';
import type { JobEvent } from '../../schemas/event.ts';
import type { Job } from '../../schemas/job.ts';
import { FINAL_STATUSES, isFinal } from '../../schemas/values/names.ts';
import { resetMessage } from './queue-stream.ts';
import type { EventResponse } from './stream-response.ts';

/** How to look at a job. */
export interface JobLook {
  /** The job as it is; undefined when it is not kept any more. */
  readonly find: () => Promise<Job | undefined>;
  /** The id of the place after all that has happened in its queue. */
  readonly now: () => Promise<string>;
}

const hasEnded = (job: Job): boolean => isFinal(job.status);

/**
 * Reads the events of one job up to its end. What needs a look at the job is told when that is done, and all that comes
 * after it later still.
 */
export class JobReader implements Reader {
  readonly job: string;
  readonly #response: EventResponse;
  readonly #find: JobLook['find'];
  readonly #now: JobLook['now'];
  readonly #onFault: (error: unknown) => void;
  #told: Promise<void> = Promise.resolve();
  #open = 0;
  #wasGone = false;

  /** @param onFault drops the response. */
  constructor(
    response: EventResponse,
    job: string,
    { find, now }: JobLook,
    onFault: (error: unknown) => void,
  ) {
    this.#response = response;
    this.job = job;
    this.#find = find;
    this.#now = now;
    this.#onFault = onFault;
  }

  get isClosed(): boolean {
    return this.#response.isClosed;
  }

  deliver(batch: EventChunk): void {
    for (const told of batch.events) {
      if (told.event.job === this.job) this.#inTurn(() => this.#tell(told));
    }
  }

  reset(gap: Gap, id: string): void {
    this.#inTurn(async () => {
      this.#response.message('reset', id, resetMessage(gap, id));
      await this.#lookAgain(id);
    });
  }

  /** Tells the job as it is, and ends the stream if the job has. */
  snapshot(id: string, job: Job): void {
    this.#response.message('job', id, this.#response.format === 'sse' ? job : { id, type: 'job', job });
    if (hasEnded(job)) this.#response.end();
  }

  /** For a job that was seen to have ended: whatever its events say, the stream ends. */
  finish(): void {
    this.#inTurn(() => this.#lookAgain(undefined));
  }

  async ready(): Promise<void> {
    await this.#told;
    await this.#response.ready();
  }

  idle(id: string | undefined): void {
    // What waits to be told comes before the id.
    this.#response.heartbeat(this.#open > 0 ? undefined : id);
    if (this.#open === 0) this.#inTurn(() => this.#look(id !== undefined));
  }

  fail(): void {
    this.#response.drop('internal-error');
  }

  /**
   * A job that lapses while nobody works on it makes no event before somebody looks. One that is not there at two signs
   * of life in a row has none to come.
   */
  async #look(isUpToDate: boolean): Promise<void> {
    const isGone = (await this.#find()) === undefined && isUpToDate;
    if (isGone && this.#wasGone) this.#response.end();
    this.#wasGone = isGone;
  }

  /** Tells the job, if it has ended with an id after which there is nothing of it, so that nobody comes back for more. */
  async #lookAgain(id: string | undefined): Promise<void> {
    const now = await this.#now();
    const job = await this.#find();
    if (job === undefined) this.#response.end();
    else this.snapshot(id === undefined || hasEnded(job) ? now : id, job);
  }

  async #tell({ event, position }: PositionedEvent): Promise<void> {
    const isEnd = ENDS.has(event.type);
    const isShort = event.type === 'progress' && event.progress === undefined;
    if (!isEnd && !isShort) return this.#response.message(event.type, event.id, event);
    const job = await this.#find();
    const shown = isShort ? withProgress(event, job) : event;
    if (!isEnd || !isEndOf(job, event, entryTime(position.entry))) {
      return this.#response.message(event.type, event.id, shown);
    }
    this.#response.message(event.type, event.id, { ...event, ...(job && { snapshot: job }) });
    this.#response.end();
  }

  #inTurn(move: () => Promise<unknown>): void {
    this.#open += 1;
    const isNeeded = () => (this.isClosed ? undefined : move());
    this.#told = this.#told
      .then(isNeeded)
      // The reader comes back and goes on after the last event that it got.
      .catch(this.#onFault)
      .then(() => {
        this.#open -= 1;
      });
  }
}

const ENDS: ReadonlySet<string> = new Set(FINAL_STATUSES);

const withProgress = (event: JobEvent, job: Job | undefined): JobEvent =>
  job?.progress === undefined ? event : { ...event, progress: job.progress };

/** Whether the event tells the end of the job as it is now; a job that has failed may have been retried since. */
function isEndOf(job: Job | undefined, { type }: JobEvent, atMs: number): boolean {
  if (job === undefined) return true;
  return job.status === type && job.finishedAt !== undefined && Date.parse(job.finishedAt) <= atMs;
}
