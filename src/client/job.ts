import { systemClock } from '../clock.ts';
import { durationMs } from '../schemas/values/duration-text.ts';
import { MillraceError, TimedOut } from './errors.ts';
import { type JobStreamMessage, jobEvents } from './events/events.ts';
import type { FollowOptions } from './events/follow.ts';
import { newIdempotencyKey } from './http/idempotency.ts';
import { pause, pauseMs } from './http/pause.ts';
import { isPassing, pathOf, type RequestOptions, type Service } from './http/service.ts';
import type { Job as JobData } from './types/api.generated.ts';
import type { Answer, Body, CallOptions, Duration } from './types/api.ts';

export interface WaitOptions extends CallOptions {
  /** The longest wait. Default 10 minutes. */
  readonly timeout?: Duration | undefined;
}

const DEFAULT_TIMEOUT = '10m';
/** Below the limits of common proxies. */
const LONGEST_POLL_S = 30;
const FINAL: readonly JobData['status'][] = ['completed', 'failed', 'cancelled', 'expired'];

/** A job of the service, as it was last read. */
export class Job<Result = unknown> {
  readonly #service: Service;
  #data: JobData;

  constructor(service: Service, data: JobData) {
    this.#service = service;
    this.#data = data;
  }

  get id(): string {
    return this.#data.id;
  }

  get status(): JobData['status'] {
    return this.#data.status;
  }

  /** The job as the service last showed it. */
  get data(): JobData {
    return this.#data;
  }

  /** Whether the job has ended. A failed one can still be retried by hand. */
  get hasEnded(): boolean {
    return FINAL.includes(this.status);
  }

  /** Reads the job again. */
  refresh({ signal }: CallOptions = {}): Promise<this> {
    return this.#update('GET', '', { signal });
  }

  /**
   * Waits until the job has ended. Waits on while the service restarts.
   *
   * @throws {TimedOut} after `timeout`; the job goes on
   */
  async ended({ timeout = DEFAULT_TIMEOUT, signal }: WaitOptions = {}): Promise<this> {
    const totalMs = durationMs(timeout);
    const until = systemClock.monotonic() + totalMs;
    for (let failures = 0; !this.hasEnded; ) {
      const leftMs = until - systemClock.monotonic();
      if (leftMs <= 0) throw new TimedOut(`Job ${this.id} has not ended within ${totalMs} ms`);
      const waitS = Math.min(leftMs / 1_000, LONGEST_POLL_S);
      try {
        const query = { wait: waitS.toFixed(3) };
        await this.#update('GET', '', { query, waitMs: waitS * 1_000, signal, tries: 1 });
        failures = 0;
      } catch (error) {
        if (!isPassing(error)) throw error;
        failures += 1;
        await pause(Math.min(pauseMs(failures, error.retryAfter), leftMs), signal);
      }
    }
    return this;
  }

  /**
   * Waits for the end of the job and returns what its task returned.
   *
   * @throws {JobFailed} when the job failed, was cancelled or expired
   * @throws {TimedOut} after `timeout`; the job goes on
   */
  async result(options?: WaitOptions): Promise<Result> {
    await this.ended(options);
    if (this.status !== 'completed') throw new JobFailed(this);
    return this.#data.result as Result;
  }

  /** The job as it is, then its events and the lines of its log, up to its end. */
  async *events(options?: FollowOptions): AsyncGenerator<JobStreamMessage, void> {
    for await (const message of jobEvents(this.#service, this.id, options)) {
      if (message.type === 'job') this.#data = message.job;
      else if ('snapshot' in message && message.snapshot !== undefined) this.#data = message.snapshot;
      yield message;
    }
  }

  /** The kept lines of its log. @param after the number of the last line that you have */
  logs({ after, signal }: CallOptions & { after?: number } = {}): Promise<Answer<'getJobLog'>> {
    return this.#service.json('GET', `${this.#path}/logs`, { query: { after }, signal });
  }

  /** Cancels the job. One that runs is told to stop: `ended` waits for that. A cancelled job stays cancelled. */
  async cancel({ signal }: CallOptions = {}): Promise<this> {
    try {
      return await this.#update('POST', '/cancel', { isRepeatable: true, signal });
    } catch (error) {
      // The answer of the try before may have got lost.
      const hasEnded = error instanceof MillraceError && error.code === 'job-finished';
      if (hasEnded && (await this.refresh({ signal })).status === 'cancelled') return this;
      throw error;
    }
  }

  /** Lets a failed job run again, with all its attempts. */
  retry({ signal }: CallOptions = {}): Promise<this> {
    return this.#update('POST', '/retry', { signal });
  }

  /** Changes a job that has not started. */
  change(changes: Body<'changeJob'>, { signal }: CallOptions = {}): Promise<this> {
    return this.#update('PATCH', '', { body: changes, isRepeatable: true, signal });
  }

  /** Submits a new job like this one, which has ended, with changes. */
  async rerun(changes: Body<'rerunJob'> = {}, { signal }: CallOptions = {}): Promise<Job<Result>> {
    const data = await this.#service.json<JobData>('POST', `${this.#path}/rerun`, {
      body: changes,
      headers: { 'idempotency-key': newIdempotencyKey() },
      isRepeatable: true,
      signal,
    });
    return new Job(this.#service, data);
  }

  /** Removes a job that has ended. */
  async remove({ signal }: CallOptions = {}): Promise<void> {
    await this.#service.json('DELETE', this.#path, { signal });
  }

  get #path(): string {
    return pathOf`/jobs/${this.id}`;
  }

  async #update(method: string, path: string, options: RequestOptions): Promise<this> {
    this.#data = await this.#service.json(method, this.#path + path, options);
    return this;
  }
}

/** The job ended without a result. `code` is `job-failed`, `job-cancelled` or `job-expired`. */
export class JobFailed extends MillraceError {
  override readonly name = 'JobFailed';
  readonly job: Job;

  constructor(job: Job) {
    const { error, status, id } = job.data;
    super(error === undefined ? `Job ${id} ended as ${status}` : error.message, { code: `job-${status}` });
    this.job = job;
  }
}
