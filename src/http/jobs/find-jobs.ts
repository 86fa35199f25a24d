import type { FastifyInstance } from 'fastify';
import type { Caller } from '../../access/caller.ts';
import { invalidRequest } from '../../errors.ts';
import type { JobPage } from '../../jobs/stored-page.ts';
import { DEFAULT_QUEUE, type Job } from '../../schemas/job.ts';
import { type FindJobsQuery, JOB_FILTERS } from '../../schemas/jobs/list.ts';
import { tagsOf } from '../../schemas/values/tags.ts';
import { timeMs } from '../../schemas/values/timestamp.ts';
import { visibleTo } from '../access/caller-view.ts';
import { ownKey, parseKey } from '../request/idempotency-key.ts';

const DEFAULT_LIMIT = 100;

/** A page of the jobs that a query selects: by a key, by tags, or queue by queue. @throws {AppError} invalid-request. */
export function findJobs(app: FastifyInstance, query: FindJobsQuery, caller: Caller): Promise<JobPage> {
  const { limit = DEFAULT_LIMIT, cursor, payload } = query;
  const page = { limit, ...(cursor !== undefined && { cursor }), ...(payload !== undefined && { payload }) };
  const { idempotencyKey, tag, queue, status } = query;
  const visible = visibleTo(caller);
  if (idempotencyKey !== undefined) {
    refuseFilters(query);
    const key = ownKey(caller, parseKey(idempotencyKey, '/idempotencyKey', 'query parameters'));
    return app.jobInspector.listKeyed(queue ?? DEFAULT_QUEUE, key, page, visible);
  }
  const times = readTimes(query);
  const keeps = filterOf(query, times);
  if (tag !== undefined) {
    return app.jobInspector.listTagged(queue, { ...page, ...times, tags: tagsOf(tag), keeps }, visible);
  }
  return app.queueInspector.listOfAll(queue, { ...page, ...(status && { status }), keeps }, visible);
}

interface Times {
  /** Unix ms. */
  readonly from: number | undefined;
  readonly to: number | undefined;
}

function readTimes({ from, to }: FindJobsQuery): Times {
  const read = (pointer: string, text: string | undefined) => {
    const ms = text === undefined ? undefined : timeMs(text);
    if (Number.isNaN(ms))
      throw invalidRequest([{ pointer, detail: 'must be a time that exists' }], 'query parameters');
    return ms;
  };
  return { from: read('/from', from), to: read('/to', to) };
}

function filterOf({ task, status }: FindJobsQuery, { from, to }: Times): (job: Job) => boolean {
  return (job) => {
    const submittedAt = Date.parse(job.createdAt);
    return (
      (task === undefined || job.task === task) &&
      (status === undefined || job.status === status) &&
      (from === undefined || submittedAt >= from) &&
      (to === undefined || submittedAt <= to)
    );
  };
}

function refuseFilters(query: FindJobsQuery): void {
  const faults = JOB_FILTERS.filter((name) => query[name] !== undefined).map((name) => ({
    pointer: `/${name}`,
    detail: 'is not allowed together with idempotencyKey',
  }));
  if (faults.length > 0) throw invalidRequest(faults, 'query parameters');
}
