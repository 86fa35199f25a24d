import { AFTER_PLACES, TAG_PLACE } from '../../lifecycle/scripts/tags/tag-place.ts';
import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { findTagged } from './scripts/find-tagged.ts';

/** A job in the index of tags. */
export interface TaggedJob {
  readonly keys: QueueKeys;
  readonly place: string;
}

/** Where a walk goes on: after the job of that place in that queue. The newest come first, at one time queues by name. */
export interface WalkPosition {
  readonly queue: string;
  readonly place: string;
}

const TIME_LENGTH = 16;
const timeOf = (place: string): string => place.slice(0, TIME_LENGTH);

/** Jobs that the first read of a queue asks for, and later ones. */
const FIRST_PART = 4;
const PART = 64;

/** What is known of one queue: jobs that were found, and how far it was looked. */
interface Line {
  readonly keys: QueueKeys;
  places: readonly string[];
  next: number;
  /** Where the search goes on, after the places; undefined when there are no more. */
  searchedTo: string | undefined;
  reads: number;
}

/** Walks the jobs that have all of some tags over many queues, the newest first. */
export class TagWalk {
  readonly #redis: Connection;
  readonly #tags: readonly string[];
  readonly #from: string;
  readonly #lines: Line[];

  /**
   * @param before, from bounds: only places before `before`, and not before `from`, count; '' for none.
   * @param after where the walk goes on.
   */
  constructor(
    redis: Connection,
    queues: readonly QueueKeys[],
    { tags, before, from }: { tags: readonly string[]; before: string; from: string },
    after?: WalkPosition,
  ) {
    this.#redis = redis;
    this.#tags = tags;
    this.#from = from;
    this.#lines = queues.map((keys) => ({
      keys,
      places: [],
      next: 0,
      searchedTo: startIn(keys.queue, before || AFTER_PLACES, after),
      reads: 0,
    }));
  }

  /**
   * The next jobs, at most `most`; none at the end. One call makes at most `reads` reads of each queue: `isEnd` says whether
   * there are no more.
   */
  async next(
    most: number,
    reads: number,
  ): Promise<{ jobs: TaggedJob[]; at: WalkPosition | undefined; isEnd: boolean }> {
    const jobs: TaggedJob[] = [];
    let at: WalkPosition | undefined;
    for (const line of this.#lines) line.reads = 0;
    await this.#fill();
    for (;;) {
      const line = this.#first();
      if (line === undefined) return { jobs, at, isEnd: true };
      const place = line.places[line.next];
      if (place !== undefined) {
        jobs.push({ keys: line.keys, place });
        line.next += 1;
        at = { queue: line.keys.queue, place };
        if (jobs.length === most) return { jobs, at, isEnd: false };
      } else {
        // Nothing newer than this is left anywhere.
        at = { queue: line.keys.queue, place: line.searchedTo ?? '' };
        if (line.reads >= reads) return { jobs, at, isEnd: false };
        await this.#read(line, PART);
      }
    }
  }

  /** Reads the first jobs of all queues at once. */
  async #fill(): Promise<void> {
    const unread = this.#lines.filter(
      ({ places, next, searchedTo }) => next === places.length && searchedTo !== undefined,
    );
    await Promise.all(unread.map((line) => this.#read(line, FIRST_PART)));
  }

  async #read(line: Line, most: number): Promise<void> {
    const before = line.searchedTo ?? '';
    const { places, upTo } = await findTagged(this.#redis, line.keys, this.#tags, {
      before,
      from: this.#from,
      most,
    });
    Object.assign(line, { places, next: 0, searchedTo: upTo, reads: line.reads + 1 });
  }

  /** The queue whose next job, or whose next search, comes first. */
  #first(): Line | undefined {
    let first: Line | undefined;
    for (const line of this.#lines) {
      if (headOf(line) === undefined) continue;
      if (first === undefined || comesBefore(line, first)) first = line;
    }
    return first;
  }
}

const headOf = ({ places, next, searchedTo }: Line): string | undefined => places[next] ?? searchedTo;

function comesBefore(one: Line, other: Line): boolean {
  const [a, b] = [headOf(one) ?? '', headOf(other) ?? ''];
  if (timeOf(a) !== timeOf(b)) return timeOf(a) > timeOf(b);
  return one.keys.queue < other.keys.queue;
}

/** Before which place to look in a queue. */
function startIn(queue: string, before: string, after: WalkPosition | undefined): string {
  if (after === undefined) return before;
  const time = timeOf(after.place);
  const start = queue === after.queue ? after.place : queue < after.queue ? time : `${time}${AFTER_PLACES}`;
  return start < before ? start : before;
}

/** Whether a text can be the place of a position. */
export const isPlace = (text: string): boolean => TAG_PLACE.test(text);
