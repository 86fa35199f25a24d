import { pathOf } from '../http/path.ts';
import type { Service } from '../http/service.ts';
import type { Subscription } from '../types/api.generated.ts';
import type { Answer, Body, CallOptions } from '../types/api.ts';

/** The durable subscriptions of a queue: the service keeps their events until they are acknowledged. */
export class Subscriptions {
  readonly #service: Service;
  readonly #path: string;

  /** @param queue the path of the queue */
  constructor(service: Service, queue: string) {
    this.#service = service;
    this.#path = `${queue}/subscriptions`;
  }

  async list(options?: CallOptions): Promise<readonly Subscription[]> {
    const { items } = await this.#service.json<Answer<'listSubscriptions'>>('GET', this.#path, options);
    return items;
  }

  async get(name: string, options?: CallOptions): Promise<Subscription> {
    return this.#service.json('GET', this.#of(name), options);
  }

  /** Makes the subscription, or changes what is named. */
  async put(
    name: string,
    settings: Body<'putSubscription'> = {},
    { signal }: CallOptions = {},
  ): Promise<Subscription> {
    return this.#service.json('PUT', this.#of(name), { body: settings, signal });
  }

  async remove(name: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#service.json('DELETE', this.#of(name), { signal });
  }

  /** The next events. Acknowledge them within `ackWaitMs`; otherwise they come again. */
  async read(
    name: string,
    wanted: Body<'readSubscription'> = {},
    { signal }: CallOptions = {},
  ): Promise<Answer<'readSubscription'>> {
    // A repeat after a lost answer gets the next events; the lost ones come again after `ackWaitMs`.
    return this.#service.json('POST', `${this.#of(name)}/read`, {
      body: wanted,
      waitMs: wanted?.waitMs,
      isRepeatable: true,
      signal,
    });
  }

  async ack(
    name: string,
    events: Body<'ackSubscription'>,
    { signal }: CallOptions = {},
  ): Promise<Answer<'ackSubscription'>> {
    return this.#service.json('POST', `${this.#of(name)}/ack`, { body: events, isRepeatable: true, signal });
  }

  #of(name: string): string {
    return `${this.#path}${pathOf`/${name}`}`;
  }
}
