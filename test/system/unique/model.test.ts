import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
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
import type { Job } from '../../../src/schemas/job.ts';
import { JsonText } from '../../../src/schemas/json/json-text.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { sweepAll } from '../../helpers/unique/submit.ts';
import { type ManualWorker, useManualWorkers } from '../../helpers/workers/manual-worker.ts';
import { Model, type ModelJob, type Rule } from './model.ts';

const RUNS = Number(process.env['UNIQUE_RUNS'] ?? 40);
const MOST_MOVES = 60;
const QUEUE = 'unique';
const keys = queueKeys('mr', QUEUE);
const LEASE_MS = 600_000;

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);
let worker: ManualWorker;

beforeAll(async () => {
  worker = await workerOf(QUEUE);
});

const rule: fc.Arbitrary<Rule> = fc.record({
  until: fc.constantFrom('ended', 'ended', 'started'),
  onConflict: fc.constantFrom('existing', 'reject', 'replace', 'replace'),
  throttles: fc.constantFrom(false, false, false, false, true),
});
const which = fc.nat(1_000);
const move = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('submit' as const), key: fc.constantFrom('a', 'b'), rule }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'complete',
        'retry',
        'bury',
        'release',
        'cancel',
        'expire',
        'change',
        'requeue',
        'remove',
        'lose',
      ),
      which,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('recover', 'sweep', 'flush') }) },
);
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;

/** One run: a queue, its model, and what its worker holds. */
class Run {
  readonly model = new Model();
  readonly #deliveries = new Map<string, Delivery>();
  readonly #rules = new Map<string, Rule>();
  #payload = 0;

  async act(one: Move): Promise<void> {
    switch (one.kind) {
      case 'submit':
        return this.#submit(one.key, one.rule);
      case 'take':
        return this.#take();
      case 'sweep':
        await sweepAll(redis, QUEUE);
        return this.model.sweep();
      case 'recover':
        return this.#recover();
      case 'flush':
        await prepare();
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
    const result = await api.app.submitter.submit(job).catch(refusal);
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
    const taken = await worker.takeNow(100);
    for (const delivery of taken) this.#deliveries.set(idOf(delivery), delivery);
    expect(taken.map(idOf).sort()).toEqual(
      this.model
        .take()
        .map(({ id }) => id)
        .sort(),
    );
  }

  async #recover(): Promise<void> {
    await recover(redis.client, keys, { consumer: worker.name, lingerMs: 0, how: 'it was killed' });
    await extendLease(redis.client, keys, 'new', [worker.name], LEASE_MS);
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
    const ref = await presentRef(job.id);
    switch (kind) {
      case 'cancel':
        expect((await api.app.jobOperator.cancel(job.id)).done).toBe(true);
        return this.model.end(job, 'gone');
      case 'expire': {
        const [outcome] = await withdrawAll(redis.client, keys, [ref], {
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
        await api.app.jobOperator.remove(job.id);
        job.status = 'gone';
        return;
      case 'lose':
        await redis.client.xdel(keys.stream[ref.place], ref.entryId);
        this.#deliveries.delete(job.id);
        return this.model.lose(job);
    }
  }

  async #settle(
    kind: 'complete' | 'retry' | 'bury' | 'release',
    job: ModelJob,
    delivery: Delivery,
  ): Promise<void> {
    if (kind === 'complete') expect(await worker.complete(delivery, 1)).toBe('done');
    if (kind === 'retry') expect(await worker.retry(delivery, 0)).toBe('done');
    if (kind === 'bury') expect(await worker.bury(delivery)).toBe('done');
    if (kind === 'release') expect(await worker.release(delivery)).toEqual(['done']);
    this.#deliveries.delete(job.id);
    if (kind === 'complete') return this.model.end(job, 'gone');
    if (kind === 'bury') return this.model.end(job, 'failed');
    this.#waits(job, kind === 'retry');
  }

  async #change(job: ModelJob): Promise<void> {
    this.#payload += 1;
    const changed = await api.app.jobChanger
      .change(job.id, { payload: this.#payload }, () => true)
      .catch(refusal);
    if (!(changed instanceof AppError)) job.payload = this.#payload;
    else expect(changed.code).toBe('job-started');
  }

  async #requeue(job: ModelJob): Promise<void> {
    const other = this.model.requeue(job);
    const outcome = await api.app.jobOperator.retry(job.id).catch(refusal);
    if (!(outcome instanceof AppError)) {
      expect(other).toBeUndefined();
      return this.model.requeued(job, this.#rules.get(job.id)?.until ?? 'ended');
    }
    expect([outcome.code, outcome.extensions['jobId']]).toEqual(['not-unique', other?.id]);
  }

  /** The queue shows what the model expects. */
  async compare(): Promise<void> {
    const found = await Promise.all(
      this.model.jobs.map(({ id }) => api.app.jobInspector.find(id).catch(refusal)),
    );
    expect(found.map(shown)).toEqual(this.model.jobs.map(expectedView));
  }

  /** All that waits and may start runs to its end: nothing is held for ever. */
  async drain(): Promise<void> {
    await sweepAll(redis, QUEUE);
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
    const notes = await redis.client.hkeys(keys.notes);
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

const refusal = (error: unknown): AppError => {
  if (error instanceof AppError) return error;
  throw error;
};

const shown = (job: Job | AppError) =>
  job instanceof AppError || ['completed', 'cancelled', 'expired'].includes(job.status)
    ? 'gone'
    : {
        id: job.id,
        status: job.status === 'running' || job.status === 'failed' ? job.status : 'waiting',
        heldBy: job.heldBy,
        payload: Number(JsonText.of(job.payload).text),
      };

const expectedView = ({ id, status, isHeld, payload }: ModelJob) =>
  status === 'gone'
    ? 'gone'
    : { id, status, heldBy: isHeld && status === 'waiting' ? 'unique' : undefined, payload };

const idOf = ({ fields, place, entryId }: Delivery): string => {
  const options = decodeEntry(fields)?.options ?? {};
  return formatJobId(QUEUE, firstRef({ place, entryId }, options));
};

async function presentRef(id: string): Promise<Ref> {
  const ref = parseJobId(id)?.ref;
  if (ref === undefined) throw new Error(`${id} is no id`);
  const [present] = await presentRefs(redis.client, keys, [ref]);
  return present ?? ref;
}

async function prepare(): Promise<void> {
  await redis.client.flushall();
  await ensureGroups(redis.client, keys);
  await extendLease(redis.client, keys, 'new', [worker.name], LEASE_MS);
}

describe('unique jobs under random moves', () => {
  it('are as the model says, and never two at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: MOST_MOVES, size: 'max' }), async (moves) => {
        await prepare();
        const run = new Run();
        for (const one of moves) {
          await run.act(one);
          await run.compare();
        }
        await run.drain();
      }),
      { numRuns: RUNS },
    );
  }, 600_000);
});
