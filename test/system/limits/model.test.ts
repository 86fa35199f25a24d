import fc from 'fast-check';
import { expect, it } from 'vitest';
import { submitTogether } from '../../../src/jobs/submit/scripts/submit.ts';
import { type Consumer, type Delivery, WaitingConsumer } from '../../../src/lifecycle/consumer.ts';
import { cancelOrExpire } from '../../../src/lifecycle/scripts/cancel.ts';
import { purgeDead } from '../../../src/lifecycle/scripts/dead-letters.ts';
import { ensureGroups } from '../../../src/lifecycle/scripts/ensure-groups.ts';
import { extendLease } from '../../../src/lifecycle/scripts/extend-lease.ts';
import { recheckKeys } from '../../../src/lifecycle/scripts/keys/sweep-keys.ts';
import { recover } from '../../../src/lifecycle/scripts/recover.ts';
import { SWEEP_START, type SweepPosition, sweep } from '../../../src/lifecycle/scripts/sweep.ts';
import { BlockingReader } from '../../../src/redis/blocking-reader.ts';
import { entryTime, formatRef, parseRef, type Ref } from '../../../src/redis/job-id.ts';
import { GROUP, inOrder, type QueueKeys, queueKeys } from '../../../src/redis/keys.ts';
import { PRIORITIES } from '../../../src/schemas/values/names.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { completionOf, failureOf } from '../../helpers/workers/manual-worker.ts';
import { complete, take } from '../../helpers/workers/moves.ts';

const RUNS = Number(process.env['LIMITS_RUNS'] ?? 60);
const MOST_STEPS = 60;
const LIMIT_MS = 300_000;
const MOST_DEAD = 1_000;

const redis = useRedis();
let reader: BlockingReader | undefined;

interface Held {
  readonly consumer: Consumer;
  readonly delivery: Delivery;
  /** It started while keys had limits: others do not count for their keys. */
  readonly counts: boolean;
}

/** A queue with limits, and what its workers hold. */
class Real {
  readonly keys: QueueKeys;
  readonly workers: readonly WaitingConsumer[];
  held: Held[] = [];
  readonly submitted = new Set<string>();
  readonly ended = new Set<string>();
  limits: Record<string, string> = {};
  lastTakeAt = 0;

  constructor(queue: string) {
    this.keys = queueKeys('mr', queue);
    reader ??= new BlockingReader(redis.client, redis.client);
    const shared = reader;
    this.workers = ['one', 'two'].map((name) => new WaitingConsumer(name, redis.client, shared));
  }

  async open(): Promise<void> {
    await ensureGroups(redis.client, this.keys);
    await this.lease();
  }

  async lease(): Promise<void> {
    for (const { name } of this.workers) {
      await extendLease(redis.client, this.keys, 'new', [name], 600_000);
    }
  }

  async setLimits(limits: Record<string, string>): Promise<void> {
    this.limits = limits;
    const names = ['concurrency', 'rate', 'keyConcurrency', 'keyRate', 'fair'];
    await redis.client.hdel(this.keys.settings, ...names);
    if (Object.keys(limits).length > 0) await redis.client.hset(this.keys.settings, limits);
    await recheckKeys(redis.client, this.keys);
  }

  keyOf({ fields }: Delivery): string | undefined {
    return JSON.parse(fields[5] || '{}').y;
  }

  async take(worker: number, count: number, toAdmit: string[] = []): Promise<number> {
    const consumer = this.workers[worker % 2] as WaitingConsumer;
    const before = this.held.length;
    const taken = await take(consumer, this.keys, { count, toAdmit, classes: ['task:held\n'] });
    if (taken.kind === 'no-lease') throw new Error('no lease');
    this.lastTakeAt = taken.now;
    const counts = ['keyConcurrency', 'keyRate', 'fair'].some((name) => name in this.limits);
    for (const delivery of taken.deliveries) this.held.push({ consumer, delivery, counts });
    this.checkLimits(before, taken.deliveries);
    return taken.deliveries.length;
  }

  /** A lower limit stops nobody: more may run than it allows, but no more start. */
  checkLimits(before: number, started: readonly Delivery[]): void {
    const { concurrency, keyConcurrency } = this.limits;
    if (concurrency !== undefined) {
      expect(this.held.length).toBeLessThanOrEqual(Math.max(before, Number(concurrency)));
    }
    if (keyConcurrency === undefined) return;
    for (const delivery of started) {
      const key = this.keyOf(delivery);
      if (key === undefined) continue;
      const running = this.held.filter((one) => one.counts && this.keyOf(one.delivery) === key).length;
      expect(running, `running jobs of ${key}`).toBeLessThanOrEqual(Number(keyConcurrency));
    }
  }

  drop(which: number): Held | undefined {
    const [held] = this.held.length === 0 ? [] : this.held.splice(which % this.held.length, 1);
    return held;
  }

  async complete({ consumer, delivery }: Held): Promise<void> {
    const settled = await complete(consumer, this.keys, [completionOf(delivery, 'completed', '1')]);
    expect(settled).toEqual(['done']);
    this.ended.add(formatRef(delivery));
  }

  async sweep(): Promise<void> {
    for (let at: SweepPosition = SWEEP_START; at !== 'end'; ) {
      at = (await sweep(redis.client, this.keys, at)).next;
    }
  }

  /** Ends all jobs with the limits as they are; nothing may be held for ever. */
  async drain(): Promise<void> {
    // Rates only say when.
    const { rate: _, keyRate: __, ...limits } = this.limits;
    await this.setLimits(limits);
    await this.lease();
    for (let idle = 0; idle < 8; ) {
      while (this.held.length > 0) await this.complete(this.drop(0) as Held);
      if ((await this.take(idle, 10)) > 0) idle = 0;
      else idle += 1;
      // Retries that wait for their time.
      for (const due of inOrder(this.keys.due)) {
        for (const ref of await redis.client.zrange(due, 0, '-1')) {
          await redis.client.zadd(due, 'LT', 1, ref);
        }
      }
    }
    expect([...this.submitted].filter((ref) => !this.ended.has(ref))).toEqual([]);
    await this.sweep();
    const left = [
      this.keys.holds,
      this.keys.turns,
      this.keys.runningKeys,
      this.keys.runsFor,
      this.keys.keyTimes,
      this.keys.notes,
    ];
    for (const key of left) expect(await redis.client.exists(key), key).toBe(0);
  }
}

interface Step {
  readonly run: (real: Real) => Promise<unknown>;
  /** For the report of a sequence that fails. */
  [fc.toStringMethod](): string;
}

/** A step that acts with these arguments. */
const step = <A>(
  name: string,
  args: fc.Arbitrary<A>,
  act: (real: Real, args: A) => Promise<unknown>,
): fc.Arbitrary<Step> =>
  args.map((chosen) => ({
    run: (real) => act(real, chosen),
    [fc.toStringMethod]: () => `${name} ${JSON.stringify(chosen)}`,
  }));

const anyIndex = fc.nat({ max: 99 });
const anyKey = fc.constantFrom('a', 'a', 'b', 'c', undefined);

const submit = step(
  'submit',
  fc.record({
    key: anyKey,
    place: fc.constantFrom(...PRIORITIES, 'normal' as const, 'parked' as const),
    count: fc.integer({ min: 1, max: 4 }),
  }),
  async ({ keys, submitted }, { key, place, count }) => {
    const options = { ...(key !== undefined && { y: key }), ...(place === 'parked' && { at: 1 }) };
    const job = { keys, place, task: 'echo', payload: '1', options };
    const stored = await submitTogether(redis.client, Array<typeof job>(count).fill(job));
    if (stored.kind !== 'stored') throw new Error(stored.kind);
    for (const entryId of stored.entryIds) submitted.add(formatRef({ place, entryId }));
  },
);

const taking = step(
  'take',
  fc.record({ worker: anyIndex, count: fc.integer({ min: 1, max: 5 }) }),
  (real, { worker, count }) => real.take(worker, count),
);

/** A worker that waits gets a job of each lane past the gate. */
const read = step('read', fc.record({ worker: anyIndex }), async (real, { worker }) => {
  const consumer = real.workers[worker % 2] as WaitingConsumer;
  const found = await consumer.awaitWork([{ keys: real.keys, hearsOnlyWake: false }], 1);
  const jobs = found.flatMap((one) => (one.kind === 'job' ? [one] : []));
  // As a worker does: an older job was delivered again by a group that was made again.
  const isOld = ({ entryId }: Ref) => entryTime(entryId) < real.lastTakeAt;
  const old = jobs.filter(isOld).map(({ place, entryId }) => ({ ref: { place, entryId }, token: 1 }));
  await consumer.release(
    real.keys,
    old.map((held) => ({ ...held, begun: false })),
  );
  const refs = jobs.filter((job) => !isOld(job)).map(formatRef);
  const tokens = found.flatMap((one) => (one.kind === 'token' ? [one.token] : []));
  if (tokens.length > 0) await take(consumer, real.keys, { tokens });
  return real.take(worker, 2, refs);
});

const ends = step(
  'end',
  fc.record({
    which: anyIndex,
    how: fc.constantFrom('complete', 'complete', 'retry', 'bury', 'release', 'hold'),
  }),
  async (real, { which, how }) => {
    const held = real.drop(which);
    if (held === undefined) return;
    const { consumer, delivery } = held;
    const { place, entryId, token, readyAt } = delivery;
    const ref: Ref = { place, entryId };
    if (how === 'complete') await real.complete(held);
    if (how === 'retry') expect(await consumer.retry(real.keys, failureOf(delivery), 0)).toBe('done');
    if (how === 'bury') {
      expect(await consumer.bury(real.keys, failureOf(delivery), MOST_DEAD)).toBe('done');
      real.submitted.delete(formatRef(ref));
      await purgeDead(redis.client, real.keys, [ref]);
    }
    if (how === 'release') await consumer.release(real.keys, [{ ref, token, begun: which % 2 === 0 }], 0);
    if (how === 'hold') {
      const job = { ref, token, readyAt, reason: 'task:held', refusers: [], expiresAt: undefined };
      await consumer.hold(real.keys, [{ ...job, priority: 'normal' }]);
    }
  },
);

const cancel = step('cancel', fc.record({ which: anyIndex }), async (real, { which }) => {
  const running = new Set(real.held.map(({ delivery }) => formatRef(delivery)));
  const open = [...real.submitted].filter((ref) => !real.ended.has(ref) && !running.has(ref));
  const name = open[which % Math.max(1, open.length)];
  if (name === undefined) return;
  const outcome = await cancelOrExpire(redis.client, real.keys, parseRef(name), 'cancelled', 60_000);
  expect(outcome).toBe('withdrawn');
  real.ended.add(name);
});

const lose = step('lose a worker', fc.record({ worker: anyIndex }), async (real, { worker }) => {
  const consumer = real.workers[worker % 2] as WaitingConsumer;
  await recover(redis.client, real.keys, { consumer: consumer.name, lingerMs: 0, how: 'killed' });
  real.held = real.held.filter((one) => one.consumer !== consumer);
  await real.lease();
});

const limits = step(
  'limits',
  fc.record(
    {
      concurrency: fc.constantFrom('1', '2', '4'),
      rate: fc.constantFrom('1000 1000 2', '100 1000 5'),
      keyConcurrency: fc.constantFrom('1', '1', '2'),
      keyRate: fc.constantFrom('1000 1000 1', '100 1000 2'),
      fair: fc.constant('1'),
    },
    { requiredKeys: [] },
  ),
  (real, asked) => real.setLimits(asked as Record<string, string>),
);

const ACCIDENTS: Readonly<Record<string, (real: Real) => Promise<unknown>>> = {
  none: async () => undefined,
  'turns are lost': ({ keys }) => redis.client.del(keys.turns),
  'groups are lost': async (real) => {
    for (const stream of inOrder(real.keys.stream)) await redis.client.xgroup('DESTROY', stream, GROUP);
    real.held = [];
    await ensureGroups(redis.client, real.keys);
  },
};
const accidents = step('accident', fc.constantFrom(...Object.keys(ACCIDENTS)), async (real, which) => {
  await ACCIDENTS[which]?.(real);
  await real.sweep();
});

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 16, arbitrary: submit },
  { weight: 16, arbitrary: taking },
  { weight: 6, arbitrary: read },
  { weight: 24, arbitrary: ends },
  { weight: 4, arbitrary: cancel },
  { weight: 3, arbitrary: lose },
  { weight: 6, arbitrary: limits },
  { weight: 3, arbitrary: accidents },
);

it(
  'no more jobs start than the limits allow, and none is held for ever, after any sequence of steps',
  async () => {
    let queues = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: MOST_STEPS, size: 'max' }), async (steps) => {
        queues += 1;
        const real = new Real(`limits-${queues}`);
        await real.open();
        for (const { run } of steps) await run(real);
        await real.drain();
      }),
      { numRuns: RUNS },
    );
  },
  LIMIT_MS,
);
