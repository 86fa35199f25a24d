import type { Core } from '../core/core.ts';
import type { Requester } from '../core/requester.ts';
import { AppError } from '../errors.ts';
import { locate } from '../jobs/find.ts';
import { newLeaseName, successorOf } from '../lifecycle/consumer-name.ts';
import { encodeReportedProgress } from '../lifecycle/progress.ts';
import type { LeasedJob } from '../schemas/lease.ts';
import type { SettledJob } from '../schemas/settle.ts';
import { renew } from './heartbeat.ts';
import { LeaseConsumer } from './lease-consumer.ts';
import { addressedLease, formatLease, givenLease, type Lease } from './lease-token.ts';
import type { JobReport } from './settle/plan-queues.ts';
import { type SettledOutcome, settle } from './settle/settle.ts';
import { staleError } from './stale-lease.ts';
import type { LongPolls } from './take/long-polls.ts';
import { earlier, TakenJobs } from './take/taken-jobs.ts';
import { Taker } from './take/taker.ts';
import { WorkedQueueRecorder } from './worked-queues.ts';

/** What a poll asks for. */
export interface Poll {
  readonly queues: readonly string[];
  readonly max: number;
  readonly leaseMs: number;
  readonly worker: string | undefined;
  /** Tasks that the worker has; undefined: all. */
  readonly tasks: readonly string[] | undefined;
}

/** Jobs in the hands of a lease; none: the lease has ended. */
export interface TakenLease {
  lease: string;
  /** Unix ms. */
  expiresAt: number;
  jobs: LeasedJob[];
}

/** What a heartbeat brought. */
export interface LeaseHeartbeat {
  /** End of the lease, Unix ms: now where it has ended with the last job that was taken from it. */
  expiresAt: number;
  /** Ids of jobs that the worker is to stop. */
  cancel: string[];
  /** All of its queues are. */
  isPaused: boolean;
}

/** Work on jobs over HTTP. The leases are in Redis alone, so that any process may serve any of them. */
export class Leases {
  readonly #core: Core;
  readonly #polls: LongPolls;
  readonly #handOut: Taker;
  readonly #noted: WorkedQueueRecorder;

  constructor(core: Core, polls: LongPolls) {
    this.#core = core;
    this.#polls = polls;
    this.#handOut = new Taker(core);
    this.#noted = new WorkedQueueRecorder(core);
  }

  /** Takes what there is, or waits for the first job for `waitMs`; an requester that has gone gets nothing. */
  async take(poll: Poll, waitMs: number, requester: Requester): Promise<TakenLease> {
    await this.#noted.note(poll);
    const lease = { consumer: newLeaseName(poll.worker ?? ''), leaseMs: poll.leaseMs, queues: poll.queues };
    const taking = await this.#polls.take(poll.queues, waitMs, requester, (queues) =>
      this.#take(lease, poll, queues),
    );
    return handed(formatLease(lease), taking);
  }

  /** @throws {AppError} lease-not-found, or stale-lease when it has ended in all of its queues. */
  async heartbeat(text: string, leaseMs?: number): Promise<LeaseHeartbeat> {
    const lease = addressedLease(text);
    const consumer = this.#consumer(lease);
    const renewMs = leaseMs ?? lease.leaseMs;
    const renewals = await Promise.all(
      lease.queues.map((queue) => renew(this.#core, consumer, this.#core.keySpace.queue(queue), renewMs)),
    );
    const expiresAt = renewals.map((one) => one.expiresAt).reduce(earlier, undefined);
    if (!renewals.some(({ wasAlive }) => wasAlive)) {
      const why = 'it was not renewed in time and its jobs run elsewhere, or it holds no jobs any more';
      throw new AppError('stale-lease', `The lease has ended: ${why}. ${TAKE_ANEW}`);
    }
    await this.#noted.note({ queues: lease.queues, tasks: undefined });
    return {
      expiresAt: expiresAt ?? Date.now(),
      cancel: renewals.flatMap(({ cancel }) => cancel),
      isPaused: renewals.every(({ isPaused }) => isPaused),
    };
  }

  /** Shows what a running attempt has reached. @throws {AppError} invalid-request, stale-lease or job-not-found. */
  async progress(id: string, text: string, progress: unknown): Promise<SettledJob> {
    const { keys, ref } = locate(this.#core, id);
    const value = encodeReportedProgress(progress);
    const lease = givenLease(text);
    const consumer = this.#consumer(lease);
    const [holding] = lease.queues.includes(keys.queue) ? await consumer.inspect(keys, [ref], 'look') : [];
    const isHeld =
      holding?.kind === 'held' && (await consumer.noteProgress(keys, { ref, token: holding.token }, value));
    if (!isHeld) throw await staleError(this.#core, id);
    return { id, status: 'running' };
  }

  /** Settles one job. @throws {AppError} stale-lease, job-not-found or invalid-result. */
  async settleOne(text: string, statement: JobReport): Promise<SettledJob> {
    const { outcomes } = await this.#settle(givenLease(text), [statement], 0, undefined);
    const [outcome] = outcomes;
    if (outcome?.ok) return { id: outcome.id, status: outcome.status };
    throw outcome?.error ?? new Error('a job was settled without an outcome');
  }

  /** Settles jobs, and takes up to `next` others: under the same lease, or a new one where that has ended. */
  async settle(
    text: string,
    statements: readonly JobReport[],
    next: number,
    tasks: readonly string[] | undefined,
  ): Promise<{ outcomes: SettledOutcome[]; handed: TakenLease }> {
    const lease = addressedLease(text);
    if (next > 0) await this.#noted.note({ queues: lease.queues, tasks });
    const settled = await this.#settle(lease, statements, next, tasks);
    const { outcomes, request, isLost } = settled;
    if (!isLost || request === undefined) return { outcomes, handed: handed(text, settled) };
    const fresh = { ...lease, consumer: successorOf(lease.consumer, request) };
    const taking = await this.#take(fresh, { max: next, tasks }, lease.queues, request);
    return { outcomes, handed: handed(formatLease(fresh), taking) };
  }

  #settle(
    lease: Lease,
    statements: readonly JobReport[],
    next: number,
    tasks: readonly string[] | undefined,
  ) {
    const consumer = this.#consumer(lease);
    const parts = { core: this.#core, handOut: this.#handOut, lease, consumer, next };
    return settle({ ...parts, tasks: tasks && new Set(tasks) }, statements);
  }

  #consumer({ consumer }: Lease): LeaseConsumer {
    return new LeaseConsumer(consumer, this.#core.redis);
  }

  /** Takes from the queues in their order, until there are as many as were asked for. */
  async #take(
    lease: Lease,
    poll: Pick<Poll, 'max' | 'tasks'>,
    queues: readonly string[],
    request?: string,
  ): Promise<TakenJobs> {
    const consumer = this.#consumer(lease);
    const taking = new TakenJobs(consumer);
    const order = {
      consumer,
      leaseMs: lease.leaseMs,
      tasks: poll.tasks && new Set(poll.tasks),
      request,
      token: 0,
      // It is there once it takes.
      isAlive: true,
      isLater: false,
      completions: [],
      latency: new Map<string, number>(),
    };
    try {
      for (const queue of queues) {
        const count = poll.max - taking.jobs.length;
        const keys = this.#core.keySpace.queue(queue);
        const { room } = taking;
        if (count < 1 || room <= 0) break;
        taking.add(keys, await this.#handOut.run({ ...order, keys, count, room }));
      }
      return taking;
    } catch (error) {
      // They would wait for the end of a lease that nobody has heard of, which is the last resort.
      void taking.handBack().catch(() => undefined);
      throw error;
    }
  }
}

const TAKE_ANEW = 'Drop what you do under it, and take jobs with POST /leases.';

/** Of a lease that has ended with its last job, or never began, the end is now. */
const handed = (lease: string, taken: Pick<TakenJobs, 'jobs' | 'expiresAt'> | undefined): TakenLease => ({
  lease,
  jobs: taken?.jobs ?? [],
  expiresAt: taken?.expiresAt ?? Date.now(),
});
