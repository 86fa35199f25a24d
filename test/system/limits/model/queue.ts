import { expect } from 'vitest';
import type { Core } from '../../../../src/core/core.ts';
import { JobChanger } from '../../../../src/jobs/change.ts';
import { JobOperator } from '../../../../src/jobs/job-operator.ts';
import { Submitter } from '../../../../src/jobs/submit/submitter.ts';
import { type Consumer, type Delivery, WaitingConsumer } from '../../../../src/lifecycle/consumer.ts';
import { purgeDead } from '../../../../src/lifecycle/scripts/dead-letters.ts';
import { ensureGroups } from '../../../../src/lifecycle/scripts/ensure-groups.ts';
import { extendLease } from '../../../../src/lifecycle/scripts/extend-lease.ts';
import { recheckKeys } from '../../../../src/lifecycle/scripts/keys/sweep-keys.ts';
import { SWEEP_START, type SweepPosition, sweep } from '../../../../src/lifecycle/scripts/sweep.ts';
import { placeOfMember, refOfPlace } from '../../../../src/lifecycle/scripts/tags/tag-place.ts';
import type { Connection } from '../../../../src/redis/connection.ts';
import { decodeEntry } from '../../../../src/redis/entry.ts';
import type { EntryOptions } from '../../../../src/redis/entry-options.ts';
import { formatJobId, formatRef, parseRef } from '../../../../src/redis/job-id.ts';
import { inOrder, type QueueKeys } from '../../../../src/redis/keys.ts';
import type { BlockingReader } from '../../../../src/redis/reads/blocking-reader.ts';
import { completionOf } from '../../../helpers/workers/manual-worker.ts';
import { complete, take } from '../../../helpers/workers/moves.ts';

/** A job that was accepted and has not ended. Its name is its first ref, which its id is made of. */
export interface Known {
  readonly name: string;
  readonly key: string | undefined;
  /** What it shares its place by; undefined for a job that is not unique. */
  place?: string;
  /** It has its place only until it starts. */
  untilStarted?: boolean;
  tags: readonly string[];
}

export interface Held {
  readonly consumer: Consumer;
  readonly delivery: Delivery;
  readonly name: string;
  /** It started while keys had limits: others do not count for their keys. */
  readonly counts: boolean;
}

const optionsOf = ({ fields }: Delivery): Readonly<EntryOptions> => decodeEntry(fields)?.options ?? {};
const nameOf = (delivery: Delivery): string => optionsOf(delivery).i ?? formatRef(delivery);

const KEY_LIMITS = ['keyConcurrency', 'keyRate', 'fair'];

/** A queue with limits, what its workers hold, and what is known of its jobs. */
export class LimitedQueue {
  readonly redis: Connection;
  readonly keys: QueueKeys;
  readonly submitter: Submitter;
  readonly jobs: JobOperator;
  readonly changer: JobChanger;
  readonly workers: readonly WaitingConsumer[];
  held: Held[] = [];
  /** In the order of their submits. */
  readonly open = new Map<string, Known>();
  readonly dead = new Map<string, Known>();
  /** Those whose results are kept. */
  readonly ended = new Map<string, Known>();
  limits: Record<string, string> = {};
  /** The jobs of a key start in their order: nothing that happens disturbs it. */
  isOrderly = false;
  lastTakeAt = 0;

  constructor(core: Core, reader: BlockingReader, queue: string) {
    this.redis = core.redis;
    this.keys = core.keySpace.queue(queue);
    this.submitter = new Submitter(core);
    this.jobs = new JobOperator(core);
    this.changer = new JobChanger(core);
    this.workers = ['one', 'two'].map((name) => new WaitingConsumer(name, core.redis, reader));
  }

  async begin(): Promise<void> {
    await ensureGroups(this.redis, this.keys);
    await this.lease();
  }

  async lease(): Promise<void> {
    for (const { name } of this.workers) await extendLease(this.redis, this.keys, 'new', [name], 600_000);
  }

  async setLimits(limits: Record<string, string>): Promise<void> {
    this.limits = limits;
    const names = ['concurrency', 'rate', 'keyConcurrency', 'keyRate', 'keyMaxJobs', 'fair'];
    await this.redis.hdel(this.keys.settings, ...names);
    if (Object.keys(limits).length > 0) await this.redis.hset(this.keys.settings, limits);
    await recheckKeys(this.redis, this.keys);
  }

  idOf(name: string): string {
    return formatJobId(this.keys.queue, parseRef(name));
  }

  /** Jobs that wait, and that a worker does not run. */
  waiting(): Known[] {
    const running = new Set(this.held.map(({ name }) => name));
    return [...this.open.values()].filter(({ name }) => !running.has(name));
  }

  /** A worker that is one of the two. */
  worker(which: number): WaitingConsumer {
    return this.workers[which % 2] as WaitingConsumer;
  }

  async take(which: number, count: number, toAdmit: string[] = []): Promise<number> {
    const consumer = this.worker(which);
    const before = this.held.length;
    const taken = await take(consumer, this.keys, { count, toAdmit, classes: ['task:held\n'] });
    if (taken.kind === 'no-lease') throw new Error('no lease');
    this.lastTakeAt = taken.now;
    const counts = KEY_LIMITS.some((name) => name in this.limits);
    for (const delivery of taken.deliveries) {
      const name = nameOf(delivery);
      expect([...this.open.keys()], 'a job runs that has ended').toContain(name);
      if (this.isOrderly) this.#checkOrder(name);
      this.held.push({ consumer, delivery, name, counts });
      this.#checkPlace(name);
    }
    this.#checkLimits(before, taken.deliveries);
    return taken.deliveries.length;
  }

  /** A lower limit stops nobody: more may run than it allows, but no more start. */
  #checkLimits(before: number, started: readonly Delivery[]): void {
    const { concurrency, keyConcurrency } = this.limits;
    if (concurrency !== undefined) {
      expect(this.held.length).toBeLessThanOrEqual(Math.max(before, Number(concurrency)));
    }
    if (keyConcurrency === undefined) return;
    for (const delivery of started) {
      const key = optionsOf(delivery).y;
      if (key === undefined) continue;
      const running = this.held.filter((one) => one.counts && optionsOf(one.delivery).y === key).length;
      expect(running, `running jobs of ${key}`).toBeLessThanOrEqual(Number(keyConcurrency));
    }
  }

  /** No job that came before it waits for the same key. */
  #checkOrder(name: string): void {
    const { key } = this.open.get(name) ?? {};
    const [first] = key === undefined ? [] : this.waiting().filter((job) => job.key === key);
    if (first !== undefined) expect(first.name, `the next job of ${key}`).toBe(name);
  }

  #checkPlace(name: string): void {
    const { place, untilStarted } = this.open.get(name) ?? {};
    if (place === undefined || untilStarted) return;
    const running = this.held.filter((one) => {
      const job = this.open.get(one.name);
      return job?.place === place && !job.untilStarted;
    });
    expect(
      running.map((one) => one.name),
      `running jobs of ${place}`,
    ).toEqual([name]);
  }

  drop(which: number): Held | undefined {
    const [held] = this.held.length === 0 ? [] : this.held.splice(which % this.held.length, 1);
    return held;
  }

  async complete({ consumer, delivery, name }: Held): Promise<void> {
    const settled = await complete(consumer, this.keys, [completionOf(delivery, 'completed', '1')]);
    expect(settled).toEqual(['done']);
    this.end(name);
  }

  /** The job has ended, and has a result. */
  end(name: string): void {
    const job = this.open.get(name);
    if (job === undefined) throw new Error(`${name} is not open`);
    this.open.delete(name);
    this.ended.set(name, job);
  }

  async sweep(): Promise<void> {
    for (let at: SweepPosition = SWEEP_START; at !== 'end'; ) {
      at = (await sweep(this.redis, this.keys, at)).next;
    }
  }

  /** Ends all jobs with the limits as they are; nothing may be held for ever. */
  async drain(): Promise<void> {
    // Rates only say when.
    const { rate: _, keyRate: __, ...limits } = this.limits;
    await this.setLimits(limits);
    await this.lease();
    // An accident may have taken a job that others wait for.
    await this.sweep();
    for (let idle = 0; idle < 8; ) {
      while (this.held.length > 0) await this.complete(this.drop(0) as Held);
      if ((await this.take(idle, 10)) > 0) idle = 0;
      else idle += 1;
      // Jobs that wait for their time.
      for (const waits of [this.keys.scheduled, ...inOrder(this.keys.due)]) {
        for (const ref of await this.redis.zrange(waits, 0, '-1')) await this.redis.zadd(waits, 'LT', 1, ref);
      }
    }
    expect([...this.open.keys()]).toEqual([]);
    await this.#purge();
    await this.sweep();
    await this.#expectNothingLeft();
  }

  async #purge(): Promise<void> {
    for (const dead of inOrder(this.keys.dead)) {
      const refs = await this.redis.zrange(dead, 0, '-1');
      await purgeDead(this.redis, this.keys, refs.map(parseRef));
    }
  }

  async #expectNothingLeft(): Promise<void> {
    const { holds, turns, runningKeys, keyTimes, notes, uniques, tagged } = this.keys;
    for (const key of [holds, turns, runningKeys, keyTimes, notes]) {
      expect(await this.redis.exists(key), key).toBe(0);
    }
    // Only a result that answers others is still pointed to.
    for (const pointer of await this.redis.hvals(uniques))
      expect(JSON.parse(pointer)).toMatchObject({ c: 1 });
    const found = (await this.redis.zrange(tagged, 0, '-1')).map((member) => {
      const ref = refOfPlace(placeOfMember(member));
      return `${member.slice(0, member.indexOf('\n'))} ${ref && formatRef(ref)}`;
    });
    const expected = [...this.ended.values()].flatMap(({ name, tags }) =>
      tags.map((tag) => `${tag} ${name}`),
    );
    expect(found.sort()).toEqual(expected.sort());
  }
}
