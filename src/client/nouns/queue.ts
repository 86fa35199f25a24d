import { type EventsOptions, type QueueMessage, queueEvents } from '../events/events.ts';
import { Listing } from '../http/listing.ts';
import { pathOf } from '../http/path.ts';
import type { Service } from '../http/service.ts';
import { inSteps, type StepOptions } from '../http/steps.ts';
import type { Event, Job as JobData, QueueStats } from '../types/api.generated.ts';
import type { Answer, Body, CallOptions, ItemOf, Query } from '../types/api.ts';
import { DeadLetters } from './dead-letters.ts';
import { Subscriptions } from './subscriptions.ts';

/** A queue, its settings and its counts. */
export type QueueData = Answer<'getQueue'>;

/** The jobs of a queue, and what keeps workers from them. */
export class Queue {
  readonly name: string;
  /** Jobs that failed for good. */
  readonly dead: DeadLetters;
  /** Durable readers of the events. */
  readonly subscriptions: Subscriptions;
  readonly #service: Service;
  readonly #path: string;

  constructor(service: Service, name: string) {
    this.name = name;
    this.#service = service;
    this.#path = pathOf`/queues/${name}`;
    this.dead = new DeadLetters(service, this.#path);
    this.subscriptions = new Subscriptions(service, this.#path);
  }

  /** Its settings and counts. A queue that had no job yet is empty. */
  get(options?: CallOptions): Promise<QueueData> {
    return this.#service.json('GET', this.#path, options);
  }

  /** Its counts, rates, latencies and workers. */
  stats(options?: CallOptions): Promise<QueueStats> {
    return this.#service.json('GET', `${this.#path}/stats`, options);
  }

  /** Its jobs. Default: those that have not ended, and failed ones. */
  jobs(filter: Query<'listJobs'> = {}, options?: CallOptions): Listing<JobData> {
    return new Listing(this.#service, `${this.#path}/jobs`, filter, options);
  }

  /** Which worker runs which job, since when. */
  running(filter: Query<'listPending'> = {}, options?: CallOptions): Listing<ItemOf<Answer<'listPending'>>> {
    return new Listing(this.#service, `${this.#path}/pending`, filter, options);
  }

  /** The keys of waiting and running jobs, in a queue that limits the jobs of each key. */
  keys(filter: Query<'listQueueKeys'> = {}, options?: CallOptions): Listing<ItemOf<Answer<'listQueueKeys'>>> {
    return new Listing(this.#service, `${this.#path}/keys`, filter, options);
  }

  /** Past events. */
  history(filter: Query<'listHistory'> = {}, options?: CallOptions): Listing<Event> {
    return new Listing(this.#service, `${this.#path}/history`, filter, options);
  }

  /** Events as they happen, without an end. */
  events(options?: EventsOptions): AsyncGenerator<QueueMessage, void> {
    return queueEvents(this.#service, `${this.#path}/events`, options);
  }

  /** Workers take no more jobs: for a time, up to a time, or until `resume`. */
  pause(until?: Body<'pauseQueue'>, { signal }: CallOptions = {}): Promise<QueueData> {
    return this.#service.json('POST', `${this.#path}/pause`, {
      body: until ?? {},
      isRepeatable: true,
      signal,
    });
  }

  resume({ signal }: CallOptions = {}): Promise<QueueData> {
    return this.#service.json('POST', `${this.#path}/resume`, { isRepeatable: true, signal });
  }

  /** Changes the settings that are named. null: no limit. */
  set(settings: Body<'configureQueue'>, { signal }: CallOptions = {}): Promise<QueueData> {
    return this.#service.json('PUT', this.#path, { body: settings, signal });
  }

  /** Cancels the waiting jobs of a status, or removes the failed ones. Returns their number. */
  cancelJobs(
    { cursor, ...filter }: Query<'cancelJobs'>,
    { signal, ...options }: CallOptions & StepOptions = {},
  ): Promise<number> {
    const step = (next: string | undefined): Promise<Answer<'cancelJobs'>> =>
      this.#service.json('DELETE', `${this.#path}/jobs`, { query: { ...filter, cursor: next }, signal });
    return inSteps(step, cursor, options);
  }

  /** Removes a queue without jobs and schedules; with `force` it ends and removes these, too. */
  async remove({ force }: Query<'removeQueue'> = {}, { signal }: CallOptions = {}): Promise<void> {
    let status: number;
    do {
      ({ status } = await this.#service.request('DELETE', this.#path, { query: { force }, signal }));
    } while (status === 202);
  }
}
