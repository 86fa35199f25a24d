import { systemClock } from '../clock.ts';
import { MillraceError, TimedOut } from './errors.ts';
import { type JobStreamMessage, jobEvents } from './events/events.ts';
import type { FollowOptions } from './events/follow.ts';
import { durationOf } from './http/arguments.ts';
import { newIdempotencyKey } from './http/idempotency.ts';
import { pathOf } from './http/path.ts';
import { pause, pauseMs } from './http/pause.ts';
import { isPassing, type RequestOptions, type Service, type ServiceAnswer } from './http/service.ts';
import type { Job as JobData } from './types/api.generated.ts';
import type { Answer, Body, CallOptions, Duration } from './types/api.ts';

export interface WaitOptions extends CallOptions {
  /** The longest wait. Default 10 minutes. */
  readonly timeout?: Duration | undefined;
}

export interface ChangeOptions extends CallOptions {
  /** Changes the job only if it is still as it was last read. Otherwise the code of the error is `precondition-failed`. */
  readonly ifUnchanged?: boolean | undefined;
}

const DEFAULT_TIMEOUT = '10m';
/** Below the limits of common proxies. */
const LONGEST_POLL_S = 30;
const FINAL: readonly JobData['status'][] = ['completed', 'failed', 'cancelled', 'expired'];

/** A job of the service, as it was last read. */
export class Job<Result = unknown> {
  readonly id: string;
  readonly #service: Service;
  readonly #path: string;
  #data: JobData | undefined;
  /** Names the revision that was last read. */
  #etag: string | undefined;

  /** @param read the answer that shows the job; absent: nobody has read it */
  constructor(service: Service, id: string, read?: ServiceAnswer<JobData>) {
    this.id = id;
    this.#service = service;
    this.#path = pathOf`/jobs/${id}`;
    if (read !== undefined) this.#keep(read);
  }

  get status(): JobData['status'] {
    return this.data.status;
  }

  /**
   * The job as the service last showed it.
   *
   * @throws {MillraceError} `not-read` when it has not shown it yet
   */
  get data(): JobData {
    if (this.#data === undefined) throw this.#notRead();
    return this.#data;
  }

  /** Whether the job has ended, as far as it was read. A failed one can still be retried by hand. */
  get hasEnded(): boolean {
    return this.#data !== undefined && FINAL.includes(this.#data.status);
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
    const totalMs = durationOf('timeout', timeout);
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
    return this.data.result as Result;
  }

  /** The job as it is, then its events and the lines of its log, up to its end. */
  async *events(options?: FollowOptions): AsyncGenerator<JobStreamMessage, void> {
    for await (const message of jobEvents(this.#service, this.id, options)) {
      const shown =
        message.type === 'job' ? message.job : 'snapshot' in message ? message.snapshot : undefined;
      if (shown !== undefined) {
        this.#data = shown;
        this.#etag = undefined;
      }
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

  /**
   * Changes a job that has not started.
   *
   * @throws {MillraceError} `not-read` with `ifUnchanged`, when no answer has shown the job yet
   */
  async change(
    changes: Body<'changeJob'>,
    { ifUnchanged = false, signal }: ChangeOptions = {},
  ): Promise<this> {
    if (ifUnchanged && this.#etag === undefined) throw this.#notRead();
    const headers = ifUnchanged ? { 'if-match': this.#etag } : {};
    // A repeat after a lost answer would find the job changed by the first one.
    return this.#update('PATCH', '', { body: changes, headers, isRepeatable: !ifUnchanged, signal });
  }

  /** Submits a new job like this one, which has ended, with changes. */
  async rerun(changes: Body<'rerunJob'> = {}, { signal }: CallOptions = {}): Promise<Job<Result>> {
    const answer = await this.#service.request<JobData>('POST', `${this.#path}/rerun`, {
      body: changes,
      headers: { 'idempotency-key': newIdempotencyKey() },
      isRepeatable: true,
      signal,
    });
    return new Job(this.#service, answer.body.id, answer);
  }

  /** Removes a job that has ended. */
  async remove({ signal }: CallOptions = {}): Promise<void> {
    await this.#service.json('DELETE', this.#path, { signal });
  }

  async #update(method: string, path: string, options: RequestOptions): Promise<this> {
    this.#keep(await this.#service.request(method, this.#path + path, options));
    return this;
  }

  #keep({ body, headers }: ServiceAnswer<JobData>): void {
    this.#data = body;
    this.#etag = headers.get('etag') ?? undefined;
  }

  #notRead(): MillraceError {
    return new MillraceError(`Job ${this.id} was not read yet. Call refresh() first.`, { code: 'not-read' });
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
