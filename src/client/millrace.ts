import { type EventsOptions, type QueueMessage, queueEvents } from './events/events.ts';
import { newIdempotencyKey } from './http/idempotency.ts';
import { Listing } from './http/listing.ts';
import { type RequestOptions, Service, type ServiceAnswer, type ServiceOptions } from './http/service.ts';
import { Job } from './job.ts';
import { Keys } from './nouns/keys.ts';
import { Queue, type QueueData } from './nouns/queue.ts';
import { Schedules } from './nouns/schedules.ts';
import { Workers } from './nouns/workers.ts';
import { withTaskName } from './task-name.ts';
import type { Job as JobData, SubmitJob } from './types/api.generated.ts';
import type { Answer, CallOptions, ItemOf, Query } from './types/api.ts';
import type { TaskOrName, TypedTask, Work } from './types/task.ts';

/** The options of a job, as `POST /jobs` takes them. */
export type JobOptions = Omit<SubmitJob, 'task' | 'payload'>;

export interface StoreOptions extends CallOptions {
  /** Submits with the same key store once. Default: a new key for each call, so that its repeats store once. */
  readonly idempotencyKey?: string | undefined;
  /** The trace that the job belongs to (W3C Trace Context). */
  readonly trace?: { readonly traceparent: string; readonly tracestate?: string | undefined } | undefined;
}

export interface SubmitOptions extends JobOptions, StoreOptions {}

/** A job of a batch. */
export type BatchJob<T extends TaskOrName = string> = JobOptions & Work<T>;

/** What became of a job of a batch. `id` names the stored job; `problem` says why none was stored. */
export type BatchOutcome = ItemOf<Answer<'submitBatch'>>;

/** A client of the job service. */
export class Millrace {
  readonly schedules: Schedules;
  readonly keys: Keys;
  readonly workers: Workers;
  readonly #service: Service;

  constructor(options: ServiceOptions = {}) {
    this.#service = new Service(options);
    this.schedules = new Schedules(this.#service);
    this.keys = new Keys(this.#service);
    this.workers = new Workers(this.#service);
  }

  /** Stores a job. A repeat after a lost connection stores nothing new. */
  submit<R = unknown>(task: string, payload?: unknown, options?: SubmitOptions): Promise<Job<R>>;
  // The compiler tells what is wrong with the last one alone.
  submit<P, R>(task: TypedTask<P, R>, payload: NoInfer<P>, options?: SubmitOptions): Promise<Job<R>>;
  async submit(
    task: string | TypedTask,
    payload?: unknown,
    { signal, idempotencyKey, trace, ...options }: SubmitOptions = {},
  ): Promise<Job> {
    const name = typeof task === 'string' ? task : task.name;
    const body = { task: name, payload, ...options };
    const answer = await this.#store<JobData>('/jobs', { body }, { signal, idempotencyKey, trace });
    return new Job(this.#service, answer.body.id, answer);
  }

  /**
   * Stores up to 10,000 jobs in one request. An outcome for each, in their order.
   *
   * @param jobs each with the name of a task, or with a task, which types its payload
   * @param options `atomic`: all jobs or none
   */
  async batch<T extends readonly TaskOrName[]>(
    jobs: { readonly [K in keyof T]: BatchJob<T[K]> },
    { atomic, ...options }: StoreOptions & Query<'submitBatch'> = {},
  ): Promise<readonly BatchOutcome[]> {
    const named = Array.isArray(jobs) ? jobs.map(withTaskName) : jobs;
    const request = { query: { atomic }, body: { jobs: named } };
    return (await this.#store<Answer<'submitBatch'>>('/jobs/batch', request, options)).body.items;
  }

  /** Reads a job. */
  async get(id: string, options?: CallOptions): Promise<Job> {
    return this.job(id).refresh(options);
  }

  /** A job by its id, without reading it: to cancel it, to wait for it. */
  job<R = unknown>(id: string): Job<R> {
    return new Job(this.#service, id);
  }

  /** Finds jobs, by their tags above all. */
  jobs(filter: Query<'findJobs'> = {}, options?: CallOptions): Listing<JobData> {
    return new Listing(this.#service, '/jobs', filter, options);
  }

  queue(name: string): Queue {
    return new Queue(this.#service, name);
  }

  queues(filter: Query<'listQueues'> = {}, options?: CallOptions): Listing<QueueData> {
    return new Listing(this.#service, '/queues', filter, options);
  }

  /** The running jobs of all queues. */
  running(
    filter: Query<'listAllPending'> = {},
    options?: CallOptions,
  ): Listing<ItemOf<Answer<'listAllPending'>>> {
    return new Listing(this.#service, '/pending', filter, options);
  }

  /** The tasks that workers have announced. */
  tasks(filter: Query<'listTasks'> = {}, options?: CallOptions): Listing<ItemOf<Answer<'listTasks'>>> {
    return new Listing(this.#service, '/tasks', filter, options);
  }

  /** What was managed, and what was refused. */
  audit(filter: Query<'listAudit'> = {}, options?: CallOptions): Listing<ItemOf<Answer<'listAudit'>>> {
    return new Listing(this.#service, '/audit', filter, options);
  }

  /** The events of all queues as they happen, without an end. */
  events(options?: EventsOptions): AsyncGenerator<QueueMessage, void> {
    return queueEvents(this.#service, '/events', options);
  }

  /** Sends any request of the API, for what has no method of its own. Its names in the path must be encoded. */
  request<T = unknown>(method: string, path: string, options?: RequestOptions): Promise<ServiceAnswer<T>> {
    return this.#service.request<T>(method, path, options);
  }

  #store<T>(
    path: string,
    request: RequestOptions,
    { signal, idempotencyKey, trace }: StoreOptions,
  ): Promise<ServiceAnswer<T>> {
    const headers = { 'idempotency-key': idempotencyKey ?? newIdempotencyKey(), ...trace };
    return this.#service.request('POST', path, { ...request, headers, isRepeatable: true, signal });
  }
}
