import { Listing } from '../http/listing.ts';
import type { Service } from '../http/service.ts';
import { inSteps, type StepOptions } from '../http/steps.ts';
import type { Job as JobData } from '../types/api.generated.ts';
import type { Answer, Body, CallOptions, Query } from '../types/api.ts';

/** The jobs of a queue that failed for good. */
export class DeadLetters {
  readonly #service: Service;
  readonly #queue: string;

  /** @param queue the path of the queue */
  constructor(service: Service, queue: string) {
    this.#service = service;
    this.#queue = queue;
  }

  list(filter: Omit<Query<'listJobs'>, 'status'> = {}, options?: CallOptions): Listing<JobData> {
    return new Listing(this.#service, `${this.#queue}/jobs`, { ...filter, status: 'failed' }, options);
  }

  /** Lets the jobs run again, those that the filter selects. Returns their number. */
  retry(
    { cursor, ...filter }: NonNullable<Body<'retryDead'>> = {},
    { signal, ...options }: CallOptions & StepOptions = {},
  ): Promise<number> {
    const step = (next: string | undefined): Promise<Answer<'retryDead'>> =>
      this.#service.json('POST', `${this.#queue}/dead/retry`, { body: { ...filter, cursor: next }, signal });
    return inSteps(step, cursor, options);
  }

  /** Removes the jobs, those that the filter selects. Returns their number. */
  purge(
    { cursor, ...filter }: Query<'purgeDead'> = {},
    { signal, ...options }: CallOptions & StepOptions = {},
  ): Promise<number> {
    const step = (next: string | undefined): Promise<Answer<'purgeDead'>> =>
      this.#service.json('DELETE', `${this.#queue}/dead`, { query: { ...filter, cursor: next }, signal });
    return inSteps(step, cursor, options);
  }
}
