import type { Sink } from '../io.ts';
import type { Api, Query } from './api.ts';

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
  readonly missing?: readonly string[];
}

/** The most items that the API gives at once. */
const PAGE = 1_000;

export interface ListRequest {
  readonly path: string;
  readonly query?: Query;
  /** The most items in all. Default: all that there are. */
  readonly limit?: number | undefined;
  /** Where warnings go. */
  readonly err: Sink;
}

/** The pages of a list, one after the other. */
export async function* pagesOf<T>(api: Api, request: ListRequest): AsyncGenerator<readonly T[]> {
  let left = request.limit ?? Number.POSITIVE_INFINITY;
  for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
    const query = { ...request.query, limit: Math.min(PAGE, left), cursor };
    const { body } = await api.send<Page<T>>({ method: 'GET', path: request.path, query });
    if (body.missing !== undefined && body.missing.length > 0) {
      await request.err.write(`A part of Redis does not answer. Missing: ${body.missing.join(', ')}\n`);
    }
    yield body.items;
    left -= body.items.length;
    if (left <= 0) return;
    cursor = body.nextCursor;
  }
}

/** Prints all pages. */
export async function printPages<T>(
  pages: AsyncGenerator<readonly T[]>,
  print: (items: readonly T[]) => Promise<void>,
): Promise<void> {
  for await (const items of pages) await print(items);
}
