import { Listing } from '../http/listing.ts';
import { pathOf } from '../http/path.ts';
import type { Service } from '../http/service.ts';
import type { Answer, Body, CallOptions, ItemOf, Query } from '../types/api.ts';

/** The access keys of clients. */
export class Keys {
  readonly #service: Service;

  constructor(service: Service) {
    this.#service = service;
  }

  list(filter: Query<'listKeys'> = {}, options?: CallOptions): Listing<ItemOf<Answer<'listKeys'>>> {
    return new Listing(this.#service, '/keys', filter, options);
  }

  /** Makes a key. The answer shows the key this once. It is never sent twice: a repeat could make two. */
  create(key: Body<'createKey'>, { signal }: CallOptions = {}): Promise<Answer<'createKey'>> {
    return this.#service.json('POST', '/keys', { body: key, signal });
  }

  /** Every API process refuses the key within two seconds. */
  async revoke(id: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#service.json('DELETE', pathOf`/keys/${id}`, { signal });
  }
}
