import { invalidCursor } from '../errors.ts';
import type { Connection } from '../redis/connection.ts';
import type { Ref } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { decodeCursor, encodeCursor } from '../schemas/values/cursor.ts';
import type { ListedStatus } from '../schemas/values/names.ts';
import { LIST_SOURCES } from './list-sources.ts';

/** What a walk is for: it takes jobs in, some at a time. */
export interface RefReader {
  /** It takes no more. */
  readonly isFull: boolean;
  /** How many jobs to read next. */
  nextStep(): number;
  /** Takes jobs in; resolves to how many. Fewer than all: it is full. */
  read(refs: readonly Ref[]): Promise<number>;
}

/** Jobs that a step lists at a time. */
const LISTED_AT_ONCE = 200;

/** Moves jobs, at most `limit`; counts those that were moved. */
export class StepReader implements RefReader {
  readonly #move: (refs: readonly Ref[]) => Promise<number>;
  #left: number;
  moved = 0;

  /** @param move resolves to how many of the jobs it has moved. */
  constructor(limit: number, move: (refs: readonly Ref[]) => Promise<number>) {
    this.#left = limit;
    this.#move = move;
  }

  get isFull(): boolean {
    return this.#left <= 0;
  }

  nextStep(): number {
    return Math.min(this.#left, LISTED_AT_ONCE);
  }

  async read(refs: readonly Ref[]): Promise<number> {
    this.moved += await this.#move(refs);
    this.#left -= refs.length;
    return refs.length;
  }
}

export interface WalkStart {
  readonly status?: ListedStatus | undefined;
  readonly cursor?: string | undefined;
  /** By the clock of Redis, Unix ms. */
  readonly now: number;
}

/**
 * Walks the unfinished and failed jobs of a queue, of one status or of all, until the reader is full. Resolves to the cursor
 * where the next walk begins, or undefined at the end. A job that moves between two walks can be missing or appear twice.
 *
 * @throws {AppError} invalid-request for a cursor that no walk gave.
 */
export async function walkJobs(
  redis: Connection,
  keys: QueueKeys,
  { status, cursor, now }: WalkStart,
  reader: RefReader,
): Promise<string | undefined> {
  let [index, after] = cursor === undefined ? [0, ''] : parseCursor(cursor, status);
  for (; index < LIST_SOURCES.length; index += 1, after = '') {
    const source = LIST_SOURCES[index];
    if (source === undefined || (status !== undefined && source.status !== status)) continue;
    for (let isEnd = false; !isEnd; ) {
      if (reader.isFull) return encodeCursor(`${index} ${after}`);
      const count = reader.nextStep();
      const listed = await source.read(redis, keys, { after, count, now });
      const read = await reader.read(listed.map(({ ref }) => ref));
      after = listed[read - 1]?.position ?? after;
      isEnd = listed.length < count && read === listed.length;
    }
  }
  return undefined;
}

/** The index of a source and a position in it. */
function parseCursor(cursor: string, status: ListedStatus | undefined): [index: number, after: string] {
  const [, index = '', after = ''] = /^(\d{1,2}) (.*)$/s.exec(decodeCursor(cursor)) ?? [];
  const source = index === '' ? undefined : LIST_SOURCES[Number(index)];
  const isPosition = after === '' || source?.position.test(after);
  if (source === undefined || !isPosition || (status !== undefined && source.status !== status)) {
    throw invalidCursor();
  }
  return [Number(index), after];
}
