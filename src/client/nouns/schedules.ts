import { newIdempotencyKey } from '../http/idempotency.ts';
import { Listing } from '../http/listing.ts';
import { pathOf } from '../http/path.ts';
import type { Service } from '../http/service.ts';
import { Job } from '../job.ts';
import { withTaskName } from '../task-name.ts';
import type { Job as JobData, Schedule } from '../types/api.generated.ts';
import type { Answer, Body, CallOptions, Query } from '../types/api.ts';
import type { TaskOrName, Work } from '../types/task.ts';

/** A schedule. Its job has the name of a task, or a task, which types its payload. */
export type ScheduleDefinition<T extends TaskOrName = string> = WithJob<Body<'putSchedule'>, T>;

type WithJob<D extends { readonly job: object }, T extends TaskOrName> = Omit<D, 'job'> & {
  readonly job: Omit<D['job'], 'task' | 'payload'> & Work<T>;
};

/** The definition as the service takes it. */
const withJobName = <D extends { readonly job?: { readonly task?: TaskOrName } | undefined }>(
  definition: D,
) => ({
  ...definition,
  job: withTaskName(definition?.job),
});

/** Jobs at set times. */
export class Schedules {
  readonly #service: Service;

  constructor(service: Service) {
    this.#service = service;
  }

  list(filter: Query<'listSchedules'> = {}, options?: CallOptions): Listing<Schedule> {
    return new Listing(this.#service, '/schedules', filter, options);
  }

  async get(id: string, options?: CallOptions): Promise<Schedule> {
    return this.#service.json('GET', pathOf`/schedules/${id}`, options);
  }

  /** Makes the schedule, or replaces it. */
  async put<T extends TaskOrName>(
    id: string,
    definition: ScheduleDefinition<T>,
    { signal }: CallOptions = {},
  ): Promise<Schedule> {
    return this.#service.json('PUT', pathOf`/schedules/${id}`, { body: withJobName(definition), signal });
  }

  /** Jobs that it has submitted stay. */
  async remove(id: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#service.json('DELETE', pathOf`/schedules/${id}`, { signal });
  }

  async pause(id: string, { signal }: CallOptions = {}): Promise<Schedule> {
    return this.#service.json('POST', pathOf`/schedules/${id}/pause`, { isRepeatable: true, signal });
  }

  async resume(id: string, { signal }: CallOptions = {}): Promise<Schedule> {
    return this.#service.json('POST', pathOf`/schedules/${id}/resume`, { isRepeatable: true, signal });
  }

  /** Submits its job now, beside its set times. */
  async run(id: string, { signal }: CallOptions = {}): Promise<Job> {
    const answer = await this.#service.request<JobData>('POST', pathOf`/schedules/${id}/run`, {
      headers: { 'idempotency-key': newIdempotencyKey() },
      isRepeatable: true,
      signal,
    });
    return new Job(this.#service, answer.body.id, answer);
  }

  /** The next times of a schedule, or of a definition that is not stored. */
  async preview(
    of: string | Body<'previewNewSchedule'> | ScheduleDefinition<TaskOrName>,
    query: Query<'previewSchedule'> = {},
    { signal }: CallOptions = {},
  ): Promise<readonly string[]> {
    const answer =
      typeof of === 'object' && of !== null
        ? this.#service.json('POST', '/schedules/preview', {
            query,
            body: withJobName(of),
            isRepeatable: true,
            signal,
          })
        : this.#service.json('GET', pathOf`/schedules/${of}/preview`, { query, signal });
    return ((await answer) as Answer<'previewSchedule'>).items;
  }
}
