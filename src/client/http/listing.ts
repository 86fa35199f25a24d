import type { CallOptions } from '../types/api.ts';
import type { RequestOptions, Service } from './service.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
  /** Queues that this page lacks, since the primary of a Redis Cluster that has them does not answer now. */
  readonly missing?: readonly string[];
}

/** A list that the service gives in pages. `for await` reads all of it, and asks for a page when it needs it. */
export class Listing<T> implements AsyncIterable<T> {
  readonly #service: Service;
  readonly #path: string;
  readonly #query: RequestOptions['query'];
  readonly #options: CallOptions;

  constructor(service: Service, path: string, query: RequestOptions['query'], options: CallOptions = {}) {
    this.#service = service;
    this.#path = path;
    this.#query = query;
    this.#options = options;
  }

  /** One page. @param cursor the `nextCursor` of the page before; absent: the first page */
  page(cursor?: string): Promise<Page<T>> {
    const query = { ...this.#query, ...(cursor === undefined ? {} : { cursor }) };
    return this.#service.json('GET', this.#path, { ...this.#options, query });
  }

  async *pages(): AsyncGenerator<Page<T>, void> {
    let cursor: string | undefined;
    do {
      const page: Page<T> = await this.page(cursor);
      yield page;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for await (const { items } of this.pages()) yield* items;
  }

  /** The first items, at most so many. */
  async first(most: number): Promise<T[]> {
    const found: T[] = [];
    for await (const item of this) {
      if (found.length >= most || found.push(item) >= most) break;
    }
    return found;
  }
}
