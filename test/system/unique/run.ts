import { expect } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { withdrawAll } from '../../../src/lifecycle/scripts/cancel.ts';
import { presentRefs } from '../../../src/lifecycle/scripts/changes/present-refs.ts';
import { ensureGroups } from '../../../src/lifecycle/scripts/ensure-groups.ts';
import { extendLease } from '../../../src/lifecycle/scripts/extend-lease.ts';
import { recover } from '../../../src/lifecycle/scripts/recover.ts';
import type { Delivery } from '../../../src/lifecycle/scripts/take.ts';
import { decodeEntry } from '../../../src/redis/entry.ts';
import { firstRef } from '../../../src/redis/entry-options.ts';
import { formatJobId, parseJobId, type Ref } from '../../../src/redis/job-id.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import type { TestApi } from '../../helpers/api/server.ts';
import type { TestRedis } from '../../helpers/redis/server.ts';
import { sweepAll } from '../../helpers/unique/submit.ts';
import type { ManualWorker } from '../../helpers/workers/manual-worker.ts';
import { Model, type ModelJob, type Rule } from './model.ts';
import type { Move } from './moves.ts';
import { expectedView, refusal, shown } from './view.ts';

export const QUEUE = 'unique';
const keys = queueKeys('mr', QUEUE);
const LEASE_MS = 600_000;

/** One run: a queue, its model, and what its worker holds. */
export class Run {
  readonly model = new Model();
  readonly #redis: TestRedis;
  readonly #app: TestApi['app'];
  readonly #worker: ManualWorker;
  readonly #deliveries = new Map<string, Delivery>();
  readonly #rules = new Map<string, Rule>();
  #payload = 0;

  constructor(redis: TestRedis, { app }: TestApi, worker: ManualWorker) {
    this.#redis = redis;
    this.#app = app;
    this.#worker = worker;
  }

  /** Begins with an empty Redis. */
  async prepare(): Promise<void> {
    await this.#redis.client.flushall();
    await ensureGroups(this.#redis.client, keys);
    await extendLease(this.#redis.client, keys, 'new', [this.#worker.name], LEASE_MS);
  }

  async act(one: Move): Promise<void> {
    switch (one.kind) {
      case 'submit':
        return this.#submit(one.key, one.rule);
      case 'take':
        return this.#take();
      case 'sweep':
        await sweepAll(this.#redis, QUEUE);
        return this.model.sweep();
      case 'recover':
        return this.#recover();
      case 'flush':
        await this.prepare();
        this.#deliveries.clear();
        return this.model.flush();
      default:
        return this.#actOn(one.kind, one.which);
    }
  }

  async #submit(key: string, asked: Rule): Promise<void> {
    this.#payload += 1;
    const payload = this.#payload;
    const { throttles, ...unique } = asked;
    const expected = this.model.submit(key, asked, payload);
    const job = {
      task: 'echo',
      queue: QUEUE,
      payload,
      unique: { key, ...unique, ...(throttles && { for: '1h' }) },
    };
    const result = await this.#app.submitter.submit(job).catch(refusal);
    if (result instanceof AppError) {
      expect({ kind: result.code, jobId: result.extensions['jobId'] }).toEqual({
        kind: 'not-unique',
        // A throttle keeps the place of a job that is gone.
        jobId: expected.kind === 'stored' ? undefined : expected.job.id,
      });
      if (expected.kind !== 'not-unique') expect(expected).toMatchObject({ job: { status: 'gone' } });
      return;
    }
    const { answer = 'stored', value } = result;
    expect(answer).toBe(expected.kind);
    if (expected.kind !== 'stored') {
      expect(value.id).toBe(expected.job.id);
      if (expected.kind === 'replaced') this.#rules.set(value.id, asked);
      return;
    }
    this.#rules.set(value.id, asked);
    this.model.stored(value.id, key, asked, payload, expected);
  }

  async #take(): Promise<void> {
    const taken = await this.#worker.takeNow(100);
    for (const delivery of taken) this.#deliveries.set(idOf(delivery), delivery);
    expect(taken.map(idOf).sort()).toEqual(
      this.model
        .take()
        .map(({ id }) => id)
        .sort(),
    );
  }

  async #recover(): Promise<void> {
    await recover(this.#redis.client, keys, {
      consumer: this.#worker.name,
      lingerMs: 0,
      how: 'it was killed',
    });
    await extendLease(this.#redis.client, keys, 'new', [this.#worker.name], LEASE_MS);
    for (const job of this.model.which('running')) this.#waits(job, true);
  }

  #waits(job: ModelJob, hasBegun: boolean): void {
    this.#deliveries.delete(job.id);
    job.status = 'waiting';
    job.begun ||= hasBegun;
  }

  async #actOn(kind: Extract<Move, { which: number }>['kind'], index: number): Promise<void> {
    const statuses = STATUSES[kind];
    const candidates = this.model.which(...statuses);
    const job = candidates[index % candidates.length];
    if (job === undefined) return;
    const delivery = this.#deliveries.get(job.id);
    if (kind === 'complete' || kind === 'retry' || kind === 'bury' || kind === 'release') {
      if (delivery === undefined) throw new Error('nobody runs the job');
      return this.#settle(kind, job, delivery);
    }
    const ref = await presentRef(this.#redis, job.id);
    switch (kind) {
      case 'cancel':
        expect((await this.#app.jobOperator.cancel(job.id)).done).toBe(true);
        return this.model.end(job, 'gone');
      case 'expire': {
        const [outcome] = await withdrawAll(this.#redis.client, keys, [ref], {
          status: 'expired',
          resultTtlMs: 60_000,
        });
        if (outcome === 'withdrawn') this.model.end(job, 'gone');
        return;
      }
      case 'change':
        return this.#change(job);
      case 'requeue':
        return this.#requeue(job);
      case 'remove':
        await this.#app.jobOperator.remove(job.id);
        job.status = 'gone';
        return;
      case 'lose':
        await this.#redis.client.xdel(keys.stream[ref.place], ref.entryId);
        this.#deliveries.delete(job.id);
        return this.model.lose(job);
    }
  }

  async #settle(
    kind: 'complete' | 'retry' | 'bury' | 'release',
    job: ModelJob,
    delivery: Delivery,
  ): Promise<void> {
    if (kind === 'complete') expect(await this.#worker.complete(delivery, 1)).toBe('done');
    if (kind === 'retry') expect(await this.#worker.retry(delivery, 0)).toBe('done');
    if (kind === 'bury') expect(await this.#worker.bury(delivery)).toBe('done');
    if (kind === 'release') expect(await this.#worker.release(delivery)).toEqual(['done']);
    this.#deliveries.delete(job.id);
    if (kind === 'complete') return this.model.end(job, 'gone');
    if (kind === 'bury') return this.model.end(job, 'failed');
    this.#waits(job, kind === 'retry');
  }

  async #change(job: ModelJob): Promise<void> {
    this.#payload += 1;
    const changed = await this.#app.jobChanger
      .change(job.id, { payload: this.#payload }, () => true)
      .catch(refusal);
    if (!(changed instanceof AppError)) job.payload = this.#payload;
    else expect(changed.code).toBe('job-started');
  }

  async #requeue(job: ModelJob): Promise<void> {
    const other = this.model.requeue(job);
    const outcome = await this.#app.jobOperator.retry(job.id).catch(refusal);
    if (!(outcome instanceof AppError)) {
      expect(other).toBeUndefined();
      return this.model.requeued(job, this.#rules.get(job.id)?.until ?? 'ended');
    }
    expect([outcome.code, outcome.extensions['jobId']]).toEqual(['not-unique', other?.id]);
  }

  /** The queue shows what the model expects. */
  async compare(): Promise<void> {
    const found = await Promise.all(
      this.model.jobs.map(({ id }) => this.#app.jobInspector.find(id).catch(refusal)),
    );
    expect(found.map(shown)).toEqual(this.model.jobs.map(expectedView));
  }

  /** All that waits and may start runs to its end: nothing is held for ever. */
  async drain(): Promise<void> {
    await sweepAll(this.#redis, QUEUE);
    this.model.sweep();
    for (let rounds = 0; rounds < 5; rounds += 1) {
      await this.#take();
      for (const job of this.model.which('running')) {
        const delivery = this.#deliveries.get(job.id);
        if (delivery !== undefined) await this.#settle('complete', job, delivery);
      }
    }
    await this.compare();
    expect(this.model.which('waiting').filter(({ isLater }) => !isLater)).toEqual([]);
    const notes = await this.#redis.client.hkeys(keys.notes);
    const open = new Set(this.model.which('waiting', 'failed').map(({ id }) => id));
    if (open.size === 0) expect(notes).toEqual([]);
  }
}

const STATUSES = {
  complete: ['running'],
  retry: ['running'],
  bury: ['running'],
  release: ['running'],
  cancel: ['waiting'],
  expire: ['waiting'],
  change: ['waiting'],
  requeue: ['failed'],
  remove: ['failed'],
  lose: ['waiting', 'running'],
} as const;

const idOf = ({ fields, place, entryId }: Delivery): string => {
  const options = decodeEntry(fields)?.options ?? {};
  return formatJobId(QUEUE, firstRef({ place, entryId }, options));
};

async function presentRef(redis: TestRedis, id: string): Promise<Ref> {
  const ref = parseJobId(id)?.ref;
  if (ref === undefined) throw new Error(`${id} is no id`);
  const [present] = await presentRefs(redis.client, keys, [ref]);
  return present ?? ref;
}
