import type { PositionedEvent } from '../../events/decode.ts';
import type { EventChunk } from '../../events/event-chunk.ts';
import type { Gap } from '../../events/gaps.ts';
import type { Reader } from '../../events/subscribers.ts';
import { entryTime } from '../../redis/job-id.ts';
import type { JobEvent } from '../../schemas/event.ts';
import type { Job } from '../../schemas/job.ts';
import type { LogLine, LogMessage } from '../../schemas/jobs/log.ts';
import { FINAL_STATUSES, isFinal } from '../../schemas/values/names.ts';
import type { LogReader } from './log-channels.ts';
import { resetMessage } from './queue-stream.ts';
import type { StreamResponse } from './stream-response.ts';

/** Where a job stream reads its job. */
export interface JobSource {
  /** The current job, or undefined if it is gone. */
  readonly find: () => Promise<Job | undefined>;
  /** The id after all events of the queue so far. */
  readonly lastId: () => Promise<string>;
  /** Delivers the lines of its log so far. */
  readonly flushLog: () => Promise<void>;
}

/**
 * Sends the events of one job to a response until the job ends. Some events need a read of the job first. The reader
 * therefore sends one after another, in order.
 */
export class JobStreamReader implements Reader, LogReader {
  readonly job: string;
  readonly #response: StreamResponse;
  readonly #source: JobSource;
  readonly #onFault: (error: unknown) => void;
  /** Resolves when all steps so far are done. */
  #steps: Promise<void> = Promise.resolve();
  #openSteps = 0;
  #wasGone = false;

  /** @param onFault drops the response; the client reconnects after the last event that it got. */
  constructor(response: StreamResponse, job: string, source: JobSource, onFault: (error: unknown) => void) {
    this.#response = response;
    this.job = job;
    this.#source = source;
    this.#onFault = onFault;
  }

  get isClosed(): boolean {
    return this.#response.isClosed;
  }

  deliver(chunk: EventChunk): void {
    for (const positioned of chunk.events) {
      if (positioned.event.job === this.job) this.#addStep(() => this.#sendEvent(positioned));
    }
  }

  reset(gap: Gap, id: string): void {
    this.#addStep(async () => {
      this.#response.message('reset', id, resetMessage(gap, id));
      await this.#sendCurrentJob(id);
    });
  }

  /** Sends the current job, and ends the stream if the job has ended. */
  snapshot(id: string, job: Job): void {
    this.#response.message('job', id, this.#response.format === 'sse' ? job : { id, type: 'job', job });
    if (isFinal(job.status)) this.#response.end();
  }

  log(lines: readonly LogLine[], dropped: number): void {
    const message: LogMessage = { type: 'log', lines, dropped };
    this.#response.message('log', undefined, message);
  }

  /** For a job that has ended: ends the stream even if its last event was trimmed. */
  finish(): void {
    this.#addStep(() => this.#sendCurrentJob(undefined));
  }

  async ready(): Promise<void> {
    await this.#steps;
    await this.#response.ready();
  }

  idle(id: string | undefined): void {
    // Events that wait for a step come before the id.
    this.#response.heartbeat(this.#openSteps > 0 ? undefined : id);
    if (this.#openSteps === 0) this.#addStep(() => this.#checkJob(id !== undefined));
  }

  fail(): void {
    this.#response.drop('internal-error');
  }

  /**
   * Expires a job that no worker touches: reading it makes the event. Ends the stream of a job that is gone at two
   * heartbeats in a row, since no event of it can follow.
   */
  async #checkJob(isUpToDate: boolean): Promise<void> {
    const isGone = (await this.#source.find()) === undefined && isUpToDate;
    // A hint may have been lost.
    if (!isGone) await this.#source.flushLog();
    if (isGone && this.#wasGone) this.#response.end();
    this.#wasGone = isGone;
  }

  /** Sends the current job. One that has ended gets the last id, so that the client does not reconnect for more. */
  async #sendCurrentJob(id: string | undefined): Promise<void> {
    const lastId = await this.#source.lastId();
    const job = await this.#source.find();
    await this.#source.flushLog();
    if (job === undefined) this.#response.end();
    else this.snapshot(id === undefined || isFinal(job.status) ? lastId : id, job);
  }

  async #sendEvent({ event, position }: PositionedEvent): Promise<void> {
    const isEnd = END_TYPES.has(event.type);
    const lacksProgress = event.type === 'progress' && event.progress === undefined;
    if (!isEnd && !lacksProgress) return this.#response.message(event.type, event.id, event);
    const job = await this.#source.find();
    const shown = lacksProgress ? withProgress(event, job) : event;
    if (!isEnd || !isEndOf(job, event, entryTime(position.entry))) {
      return this.#response.message(event.type, event.id, shown);
    }
    await this.#source.flushLog();
    this.#response.message(event.type, event.id, { ...event, ...(job && { snapshot: job }) });
    this.#response.end();
  }

  #addStep(step: () => Promise<unknown>): void {
    this.#openSteps += 1;
    this.#steps = this.#steps
      .then(() => (this.isClosed ? undefined : step()))
      .catch(this.#onFault)
      .then(() => {
        this.#openSteps -= 1;
      });
  }
}

const END_TYPES: ReadonlySet<string> = new Set(FINAL_STATUSES);

const withProgress = (event: JobEvent, job: Job | undefined): JobEvent =>
  job?.progress === undefined ? event : { ...event, progress: job.progress };

/** Whether the event is the end of the current job. A failed job may have been retried since. */
function isEndOf(job: Job | undefined, { type }: JobEvent, atMs: number): boolean {
  if (job === undefined) return true;
  return job.status === type && job.finishedAt !== undefined && Date.parse(job.finishedAt) <= atMs;
}
