import { Listing } from '../http/listing.ts';
import { pathOf } from '../http/path.ts';
import type { Service } from '../http/service.ts';
import type { Answer, CallOptions, Query } from '../types/api.ts';

export type WorkerData = Answer<'getWorker'>;

/** The workers that have reported lately. */
export class Workers {
  readonly #service: Service;

  constructor(service: Service) {
    this.#service = service;
  }

  list(filter: Query<'listWorkers'> = {}, options?: CallOptions): Listing<WorkerData> {
    return new Listing(this.#service, '/workers', filter, options);
  }

  /** @param name of the worker, or of one of its leases */
  async get(name: string, options?: CallOptions): Promise<WorkerData> {
    return this.#service.json('GET', pathOf`/workers/${name}`, options);
  }

  /** The worker takes no more jobs, finishes those that it runs, and ends. */
  async drain(name: string, { signal }: CallOptions = {}): Promise<WorkerData> {
    return this.#service.json('POST', pathOf`/workers/${name}/drain`, { isRepeatable: true, signal });
  }
}
