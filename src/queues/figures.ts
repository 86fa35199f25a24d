import type { Clock } from '../clock.ts';
import type { Core } from '../core/core.ts';
import { PartialRead } from '../redis/cluster/partial-read.ts';
import type { QueueSummary } from '../schemas/queue.ts';
import { type HeldCounts, noneHeld } from '../schemas/queues/held.ts';
import { HELD_BY } from '../schemas/values/names.ts';
import { queueGauges } from './stats.ts';

/** What operators watch of one queue. */
export interface QueueFigures {
  readonly queue: string;
  readonly counts: QueueSummary['counts'];
  /** Queued jobs that are not handed out, by reason. */
  readonly held: HeldCounts;
  /** How long the oldest queued job has been ready, ms. */
  readonly oldestMs: number;
  readonly isPaused: boolean;
  /** Live workers that take its jobs. */
  readonly workers: number;
}

/** Queues with figures of their own; the rest are added up. */
const MOST_SHOWN = 1_000;
/** The name that stands for the rest. */
const REST = 'other';
/** Of the rest, so many are read each time; the others keep their last figures. */
const REST_AT_ONCE = 200;
/** Queues of one pipeline: it holds up other clients of Redis for some 5 ms. */
const SLICE = 50;
/** A read that takes longer fails: a scrape must end. */
const LIMIT_MS = 3_000;

type Counted = Omit<QueueFigures, 'workers'>;

/**
 * Reads the figures of all queues in slices. Takes no command that grows with the number of jobs. Queues whose primary in a Cluster is
 * away have none.
 */
export class QueueFiguresReader {
  readonly #core: Core;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #workersOf: () => Promise<(queue: string) => number>;
  /** Of the rest. */
  readonly #last = new Map<string, Counted>();
  #nextOfRest = 0;

  /** @param workersOf resolves to what counts the live workers of a queue. */
  constructor(core: Core, workersOf: () => Promise<(queue: string) => number>) {
    this.#core = core;
    this.#clock = core.clock;
    this.#workersOf = workersOf;
  }

  /** The first 1,000 queues by name, and `other` for the rest. @throws {Error} when Redis does not answer in time. */
  async read(): Promise<QueueFigures[]> {
    const endsAt = this.#clock.monotonic() + LIMIT_MS;
    const names = await this.#core.queues.names();
    const workersOf = await this.#workersOf();
    const shown = await this.#count(names.slice(0, MOST_SHOWN), endsAt);
    const figures = shown.map((one) => ({ ...one, workers: workersOf(one.queue) }));
    const rest = names.slice(MOST_SHOWN);
    return rest.length === 0 ? figures : withRest(figures, await this.#countRest(rest, endsAt), workersOf);
  }

  async #count(names: readonly string[], endsAt: number): Promise<Counted[]> {
    const { redis, keySpace } = this.#core;
    const part = new PartialRead(redis);
    const counted: Counted[] = [];
    for (let first = 0; first < names.length; first += SLICE) {
      if (this.#clock.monotonic() > endsAt)
        throw new Error('Redis is too slow to count the jobs of all queues');
      const slice = names.slice(first, first + SLICE);
      const read = await Promise.all(
        slice.map((name) => part.of(keySpace.queue(name), () => queueGauges(redis, keySpace.queue(name)))),
      );
      counted.push(...read.filter((one) => one !== undefined));
    }
    return counted;
  }

  async #countRest(rest: readonly string[], endsAt: number): Promise<readonly Counted[]> {
    const from = this.#nextOfRest < rest.length ? this.#nextOfRest : 0;
    this.#nextOfRest = from + REST_AT_ONCE;
    for (const one of await this.#count(rest.slice(from, from + REST_AT_ONCE), endsAt)) {
      this.#last.set(one.queue, one);
    }
    const listed = new Set(rest);
    for (const name of this.#last.keys()) if (!listed.has(name)) this.#last.delete(name);
    return [...this.#last.values()];
  }
}

/** Adds the rest up, to a queue of that name if there is one. Its age is that of the oldest job of all. */
function withRest(
  figures: readonly QueueFigures[],
  rest: readonly Counted[],
  workersOf: (queue: string) => number,
): QueueFigures[] {
  const named = figures.find(({ queue }) => queue === REST);
  const counts = { queued: 0, scheduled: 0, running: 0, retrying: 0, failed: 0 };
  const held = noneHeld();
  const all = { queue: REST, counts, held, oldestMs: 0, isPaused: false, workers: 0 };
  const add = (one: QueueFigures) => {
    for (const status of Object.keys(counts) as (keyof typeof counts)[]) counts[status] += one.counts[status];
    for (const reason of HELD_BY) held[reason] += one.held[reason];
    all.oldestMs = Math.max(all.oldestMs, one.oldestMs);
    all.isPaused ||= one.isPaused;
    all.workers += one.workers;
  };
  if (named !== undefined) add(named);
  for (const one of rest) add({ ...one, workers: workersOf(one.queue) });
  return [...figures.filter((one) => one !== named), all];
}
