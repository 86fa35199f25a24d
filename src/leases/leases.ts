import { setTimeout as sleep } from 'node:timers/promises';
import { reportedLines } from '../attempts/log-lines.ts';
import { encodeReportedProgress } from '../attempts/progress.ts';
import { reportedMs } from '../attempts/reported-error.ts';
import type { Core } from '../core/core.ts';
import type { Requester } from '../core/requester.ts';
import { AppError } from '../errors.ts';
import { locateJob } from '../jobs/find.ts';
import {
  newLeaseName,
  replacementLeaseName,
  workerLabel,
  workerOfLease,
} from '../lifecycle/consumer-name.ts';
import type { Held } from '../lifecycle/scripts/release.ts';
import type { Ref } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { MAX_LEASE_MS, MIN_LEASE_MS } from '../schemas/lease.ts';
import type { SettledJob } from '../schemas/settle.ts';
import { renew } from './heartbeat.ts';
import type { HttpWorkers } from './http-workers.ts';
import type { LeaseHeartbeat, LeaseRequest, TakenLease } from './lease-answers.ts';
import { LeaseConsumer } from './lease-consumer.ts';
import type { LeaseClaim } from './lease-holder.ts';
import { formatLease, type Lease, leaseOfBody, leaseOfUrl } from './lease-token.ts';
import { type JobReport, reportedCheckpoint } from './settle/reports.ts';
import { type SettledOutcome, type SettleResult, settle } from './settle/settle.ts';
import { isReport, outcomesOf, type SettleItem } from './settle/settle-items.ts';
import { staleError } from './stale-lease.ts';
import type { LongPolls } from './take/long-polls.ts';
import { takeFromQueues } from './take/take-from-queues.ts';
import { earlier, type TakenJobs } from './take/taken-jobs.ts';
import { Taker } from './take/taker.ts';
import { WorkedQueueRecorder } from './worked-queues.ts';

/**
 * Work on jobs over HTTP. All state of a lease is in Redis, so any API process can serve any lease.
 *
 * - take: `long-polls` (now, or when a `watched-queue` has jobs) -> `take-from-queues` -> `taker`, one queue at a time
 *   -> script `settle-and-take` -> `settle-unrunnable`
 * - settle: `reports` -> `settle` -> `plan-queues` -> `plan-items` (reads only), then for each queue `taker` as above
 */
export class Leases {
  readonly #core: Core;
  readonly #polls: LongPolls;
  readonly #taker: Taker;
  readonly #worked: WorkedQueueRecorder;
  readonly #workers: HttpWorkers;

  constructor(core: Core, polls: LongPolls, workers: HttpWorkers) {
    this.#core = core;
    this.#polls = polls;
    this.#workers = workers;
    this.#taker = new Taker(core);
    this.#worked = new WorkedQueueRecorder(core);
  }

  /** Takes jobs under a new lease; waits up to `waitMs` for the first. A requester that has gone gets none. */
  async take(request: LeaseRequest, waitMs: number, requester: Requester): Promise<TakenLease> {
    const { queues, leaseMs, worker = '', tasks, holder } = request;
    const name = workerLabel(worker);
    await Promise.all([
      this.#worked.record(queues, tasks ?? 'all'),
      this.#workers.takes(name, { queues, tasks, leaseMs }),
    ]);
    const lease = { consumer: newLeaseName(worker, holder.id), leaseMs, queues };
    if (this.#workers.isDraining(name)) {
      // A worker that does not know the directive would ask again at once.
      await sleep(Math.min(waitMs, DRAIN_ANSWER_MS));
      return this.#takenLease(formatLease(lease), undefined);
    }
    const taken = await this.#polls.take(
      queues,
      tasks?.toSorted().join(' ') ?? '*',
      waitMs,
      requester,
      (from) => takeFromQueues(this.#core, this.#taker, lease, request, from),
      name,
    );
    return this.#takenLease(formatLease(lease), taken);
  }

  /** @throws {AppError} lease-not-found, or stale-lease when the lease has ended in all of its queues. */
  async heartbeat(claim: LeaseClaim, leaseMs?: unknown): Promise<LeaseHeartbeat> {
    const lease = leaseOfUrl(claim);
    const { queues } = lease;
    const consumer = this.#consumerOf(lease);
    const { keySpace, clock, observe } = this.#core;
    const renewMs = reportedMs(leaseMs, { min: MIN_LEASE_MS, max: MAX_LEASE_MS }) ?? lease.leaseMs;
    const renewals = await Promise.all(
      queues.map((queue) => renew(this.#core, consumer, keySpace.queue(queue), renewMs)),
    );
    if (!renewals.some(({ wasActive }) => wasActive)) {
      for (const queue of queues) {
        observe({ kind: 'lease-lost', consumer: consumer.name, lease: consumer.name, queue });
      }
      throw new AppError('stale-lease', LEASE_ENDED);
    }
    const cancel = renewals.flatMap((renewal) => renewal.cancel);
    if (observe.wants('lease-renewed')) {
      const event = { kind: 'lease-renewed', queues, lease: consumer.name } as const;
      observe({ ...event, leaseMs: renewMs, cancel: cancel.length });
    }
    const name = workerOfLease(consumer.name);
    await Promise.all([this.#worked.record(queues, undefined), this.#workers.holds(name, renewMs)]);
    return {
      expiresAt: renewals.map(({ expiresAt }) => expiresAt).reduce(earlier, undefined) ?? clock.wall(),
      cancel,
      mustDrain: this.#workers.isDraining(name) || renewals.every(({ isPaused }) => isPaused),
    };
  }

  /** Records the progress of a running attempt. @throws {AppError} invalid-request, stale-lease or job-not-found. */
  progress(id: string, claim: LeaseClaim, progress: unknown): Promise<SettledJob> {
    const text = encodeReportedProgress(progress);
    return this.#record(id, claim, 'progress', (consumer, keys, delivery) =>
      consumer.recordProgress(keys, delivery, text),
    );
  }

  /**
   * Keeps the checkpoint in a report for the next attempt.
   *
   * @throws {AppError} as `progress`; payload-too-large, and invalid-request for one that is missing or nested too deeply.
   */
  checkpoint(id: string, claim: LeaseClaim, body: object): Promise<SettledJob> {
    const text = reportedCheckpoint(body);
    return this.#record(id, claim, 'checkpoint', (consumer, keys, delivery) =>
      consumer.recordCheckpoint(keys, delivery, text),
    );
  }

  /** Adds the lines in a report to the log of a running job. @throws {AppError} as `progress`. */
  log(id: string, claim: LeaseClaim, report: unknown): Promise<SettledJob> {
    const batch = reportedLines(report);
    return this.#record(
      id,
      claim,
      'log',
      async (consumer, keys, { first, attempt, ...delivery }) =>
        batch.lines.length === 0 || consumer.appendLog(keys, delivery, { ...batch, first, attempt }),
    );
  }

  /** Writes a report about a delivery that the lease holds. */
  async #record(
    id: string,
    claim: LeaseClaim,
    move: string,
    write: (
      consumer: LeaseConsumer,
      keys: QueueKeys,
      delivery: Omit<Held, 'begun'> & { first: Ref; attempt: number },
    ) => Promise<boolean>,
  ): Promise<SettledJob> {
    const { keys, ref: first } = locateJob(this.#core, id);
    const lease = leaseOfBody(claim);
    const consumer = this.#consumerOf(lease);
    const isOfLease = lease.queues.includes(keys.queue);
    const [{ state, ref } = NOT_HELD] = isOfLease ? await consumer.readHeldJobs(keys, [first], 'read') : [];
    const isRecorded =
      state?.kind === 'held' &&
      ref !== undefined &&
      (await write(consumer, keys, { ref, first, token: state.token, attempt: state.attempt }));
    if (!isRecorded) throw await staleError(this.#core, id, { lease: lease.consumer, move });
    return { id, status: 'running' };
  }

  /** Settles one job. @throws {AppError} stale-lease, job-not-found or invalid-result. */
  async settleOne(claim: LeaseClaim, report: JobReport): Promise<SettledJob> {
    const { outcomes } = await this.#settle(leaseOfBody(claim), [report], 0, undefined);
    const [outcome] = outcomes;
    if (outcome?.ok) {
      const { id, status, retryInMs } = outcome;
      return { id, status, ...(retryInMs !== undefined && { retryInMs }) };
    }
    throw outcome?.error ?? new Error('a job was settled without an outcome');
  }

  /** Settles jobs, then takes up to `next` jobs: under the same lease, or under a new one if it has ended. */
  async settle(
    claim: LeaseClaim,
    items: readonly SettleItem[],
    next: number,
    tasks: readonly string[] | undefined,
  ): Promise<{ outcomes: SettledOutcome[]; taken: TakenLease }> {
    const lease = leaseOfUrl(claim);
    const name = workerOfLease(lease.consumer);
    if (next > 0) {
      const { queues, leaseMs } = lease;
      await Promise.all([
        this.#worked.record(queues, tasks ?? 'all'),
        this.#workers.takes(name, { queues, tasks, leaseMs }),
      ]);
    }
    const settled = await this.#settle(lease, items.filter(isReport), next, tasks);
    const { requestDigest, hasLeaseEnded } = settled;
    const outcomes = outcomesOf(items, settled.outcomes);
    if (!hasLeaseEnded || requestDigest === undefined) {
      return { outcomes, taken: this.#takenLease(formatLease(lease), settled) };
    }
    const replacement = {
      ...lease,
      consumer: replacementLeaseName(lease.consumer, requestDigest, claim.holder.id),
    };
    const options = { max: next, tasks, requestDigest, isDraining: this.#workers.isDraining(name) };
    const taken = await takeFromQueues(this.#core, this.#taker, replacement, options);
    return { outcomes, taken: this.#takenLease(formatLease(replacement), taken) };
  }

  #settle(
    lease: Lease,
    reports: readonly JobReport[],
    next: number,
    tasks: readonly string[] | undefined,
  ): Promise<SettleResult> {
    const consumer = this.#consumerOf(lease);
    const isDraining = this.#workers.isDraining(workerOfLease(lease.consumer));
    const parts = { core: this.#core, taker: this.#taker, lease, consumer, next, isDraining };
    return settle({ ...parts, tasks: tasks && new Set(tasks) }, reports);
  }

  #consumerOf({ consumer }: Lease): LeaseConsumer {
    return new LeaseConsumer(consumer, this.#core.redis);
  }

  /** A lease that never began, or has ended with its last job, ends now. */
  #takenLease(lease: string, taken: Pick<TakenJobs, 'jobs' | 'expiresAt'> | undefined): TakenLease {
    const mustDrain = this.#workers.isDraining(workerOfLease(lease.split('~')[0] ?? ''));
    const directive = mustDrain ? { directive: 'drain' as const } : {};
    const expiresAt = taken?.expiresAt ?? this.#core.clock.wall();
    return { lease, jobs: taken?.jobs ?? [], expiresAt, ...directive };
  }
}

/** How long the answer to a worker that drains is put off, at most. */
const DRAIN_ANSWER_MS = 1_000;

const NOT_HELD = { state: undefined, ref: undefined };

const LEASE_ENDED =
  'The lease has ended: it was not renewed in time and its jobs run elsewhere, or it holds no jobs any more. Discard your work under it, and take jobs with POST /leases.';
