import type { Core } from '../core/core.ts';
import { invalidCursor } from '../errors.ts';
import type { JobPage } from '../jobs/stored-page.ts';
import { expireAll } from '../lifecycle/cancel-and-expire.ts';
import { PartialRead } from '../redis/cluster/partial-read.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { QueueList, QueueStats, QueueSummary } from '../schemas/queue.ts';
import type { KeyJobsList } from '../schemas/queues/keys.ts';
import type { PendingList } from '../schemas/queues/pending.ts';
import { decodeCursor, encodeCursor } from '../schemas/values/cursor.ts';
import {
  ENDED_STATUSES,
  type EndedStatus,
  QUEUE_NAME_PATTERN,
  type Status,
} from '../schemas/values/names.ts';
import { type VisibleQueues, visibleOf } from '../schemas/values/visible-queues.ts';
import { listEnded } from './list-ended.ts';
import { type JobPageQuery, listJobs } from './list-jobs.ts';
import { type ListedPending, listPending, parsePosition } from './pending.ts';
import { keyJobs } from './scripts/key-jobs.ts';
import { queueStats, queueSummary } from './stats.ts';

interface PageQuery {
  limit: number;
  cursor?: string;
}

/** A page of jobs of any status. */
type JobListQuery = JobPageQuery & { status?: Status };

/** Queues without such jobs that a page over all queues looks at. */
const MOST_EMPTY = 20;
/** Queues that are read at a time. Their commands share round trips. */
const QUEUES_AT_ONCE = 50;

/** Reads queues: counts, lists of jobs, running jobs. One that had no job and no worker yet is empty: the first job makes it. */
export class QueueInspector {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** A page of the queues that the client may read, ordered by name. @throws {AppError} invalid-request for a cursor that no page gave. */
  async summaries({ limit, cursor }: PageQuery, visible?: VisibleQueues): Promise<QueueList> {
    const after = cursor === undefined ? '' : parseQueue(decodeCursor(cursor));
    const names = (await this.#names(visible)).filter((name) => name > after);
    const part = new PartialRead(this.#core.redis);
    const items: QueueSummary[] = [];
    let last: string | undefined;
    for (let first = 0; first < Math.min(limit, names.length); first += QUEUES_AT_ONCE) {
      const some = names.slice(first, Math.min(limit, first + QUEUES_AT_ONCE));
      const read = await Promise.all(
        some.map((name) => part.of(this.#core.keySpace.queue(name), () => this.summary(name))),
      );
      items.push(...read.filter((one) => one !== undefined));
      last = some.at(-1);
    }
    return {
      items,
      ...(last !== undefined && names.length > limit && { nextCursor: encodeCursor(last) }),
      ...part.missing,
    };
  }

  /** The settings and counts of a queue. */
  async summary(queue: string): Promise<QueueSummary> {
    const keys = this.#core.keySpace.queue(queue);
    await this.#expire(keys);
    return queueSummary(this.#core.redis, keys);
  }

  async stats(queue: string): Promise<QueueStats> {
    const keys = this.#core.keySpace.queue(queue);
    await this.#expire(keys);
    return queueStats(this.#core.redis, keys);
  }

  /** A page of the jobs of one status; without a status, of all that have not ended and failed ones. */
  async list(queue: string, { status, ...page }: JobListQuery): Promise<JobPage> {
    const keys = this.#core.keySpace.queue(queue);
    await this.#expire(keys);
    if (isEnded(status)) return listEnded(this.#core, keys, { ...page, status });
    return listJobs(this.#core, keys, { ...page, ...(status && { status }) });
  }

  /**
   * A page of the jobs of one queue, or of all that the client may read, queue by queue: see `list`. The cursor is
   * `<queue>~<cursor of its list>`.
   *
   * @throws {AppError} invalid-request for a cursor that no page gave.
   */
  async listOfAll(queue: string | undefined, query: JobListQuery, visible?: VisibleQueues): Promise<JobPage> {
    const { cursor, ...rest } = query;
    const [from = '', inner = ''] = cursor?.split('~') ?? [];
    if (cursor !== undefined) parseQueue(from);
    const all = queue === undefined ? await this.#names(visible) : visibleOf([queue], visible);
    const names = all.filter((name) => name >= from);
    const part = new PartialRead(this.#core.redis);
    for (const [i, name] of names.slice(0, MOST_EMPTY).entries()) {
      const isFirst = name === from && inner !== '';
      const read = () => this.list(name, { ...rest, ...(isFirst && { cursor: inner }) });
      const page = await this.#partOf(part, queue, name, read);
      const next = page.nextCursor === undefined ? names[i + 1] : name;
      if (page.items.length === 0 && page.nextCursor === undefined && i + 1 < MOST_EMPTY) continue;
      const cursorOfNext = next !== undefined && { nextCursor: `${next}~${page.nextCursor ?? ''}` };
      return { items: page.items, ...cursorOfNext, ...part.missing };
    }
    return { items: [], ...part.missing };
  }

  /** A list of one queue has no other part. */
  async #partOf(
    part: PartialRead,
    only: string | undefined,
    name: string,
    read: () => Promise<JobPage>,
  ): Promise<JobPage> {
    if (only !== undefined) return read();
    return (await part.of(this.#core.keySpace.queue(name), read)) ?? { items: [] };
  }

  /** A page of the keys of a queue, with their jobs. @throws {AppError} invalid-request for a cursor that no page gave. */
  async keys(queue: string, { limit, cursor }: PageQuery): Promise<KeyJobsList> {
    const after = cursor === undefined ? '' : decodeCursor(cursor);
    if (cursor !== undefined && (after === '' || encodeCursor(after) !== cursor)) throw invalidCursor();
    const items = await keyJobs(this.#core.redis, this.#core.keySpace.queue(queue), after, limit);
    const last = items.at(-1);
    if (last === undefined || items.length < limit) return { items };
    return { items, nextCursor: encodeCursor(last.key) };
  }

  /** A page of the running jobs of a queue. */
  async pending(queue: string, { limit, cursor }: PageQuery): Promise<PendingList> {
    const keys = this.#core.keySpace.queue(queue);
    const position = cursor === undefined ? undefined : parsePosition(decodeCursor(cursor));
    return pendingPage(await listPending(this.#core, keys, limit, position), limit, ({ position: at }) => at);
  }

  /** A page of the running jobs of the queues that the client may read, queue by queue. The cursor is `<queue> <position in its list>`. */
  async pendingOfAll({ limit, cursor }: PageQuery, visible?: VisibleQueues): Promise<PendingList> {
    const start = cursor === undefined ? undefined : parseStart(decodeCursor(cursor));
    const names = (await this.#names(visible)).filter((name) => name >= (start?.queue ?? ''));
    const part = new PartialRead(this.#core.redis);
    const pending: ListedPending[] = [];
    for (let first = 0; first < names.length && pending.length < limit; first += QUEUES_AT_ONCE) {
      const some = names.slice(first, first + QUEUES_AT_ONCE);
      const left = limit - pending.length;
      const parts = await Promise.all(
        some.map((name) => {
          const keys = this.#core.keySpace.queue(name);
          const position = name === start?.queue ? start.position : undefined;
          return part.of(keys, () => listPending(this.#core, keys, left, position));
        }),
      );
      pending.push(...parts.flatMap((one) => one ?? []).slice(0, left));
    }
    const page = pendingPage(pending, limit, ({ job, position }) => `${job.queue} ${position}`);
    return { ...page, ...part.missing };
  }

  /** Those that the client may read, sorted. */
  async #names(visible: VisibleQueues | undefined): Promise<readonly string[]> {
    return visibleOf(await this.#core.queues.names(), visible);
  }

  /** Expires the jobs whose time is up, so that counts and lists are right without a worker. */
  async #expire(keys: QueueKeys): Promise<void> {
    await expireAll(this.#core, keys);
  }
}

const isEnded = (status: Status | undefined): status is EndedStatus =>
  ENDED_STATUSES.some((ended) => ended === status);

const QUEUE_NAME = new RegExp(QUEUE_NAME_PATTERN);

/** The name of a queue that a cursor holds. */
function parseQueue(text: string): string {
  if (!QUEUE_NAME.test(text)) throw invalidCursor();
  return text;
}

/** The queue and the position in its list that a cursor over all queues holds. */
function parseStart(text: string) {
  const [queue = '', position = ''] = text.split(' ');
  return { queue: parseQueue(queue), position: parsePosition(position) };
}

/** A page with the cursor of the next one, unless it has fewer jobs than it could. */
function pendingPage(
  listed: readonly ListedPending[],
  limit: number,
  positionAfter: (one: ListedPending) => string,
): PendingList {
  const items = listed.map(({ job }) => job);
  const last = listed.at(-1);
  if (last === undefined || items.length < limit) return { items };
  return { items, nextCursor: encodeCursor(positionAfter(last)) };
}
