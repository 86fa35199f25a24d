import type { Options } from '../description.ts';
import type { Sink } from '../io.ts';
import type { Api, Query } from './api.ts';

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
  readonly missing?: readonly string[];
}

/** The most items that the API gives at once. */
const PAGE = 1_000;
const DEFAULT_LIMIT = 100;

/** The options of long lists. */
export const LIMITS = {
  limit: {
    kind: 'integer',
    short: 'n',
    value: 'N',
    min: 1,
    max: 10_000_000,
    meaning: `the most of them (default ${DEFAULT_LIMIT})`,
  },
  all: { kind: 'flag', meaning: 'all of them, however many' },
} as const satisfies Options;

/** What these options ask for. Nobody who gave no limit takes a part for the whole. */
export const upTo = (all: boolean, limit: number | undefined): Pick<ListRequest, 'limit' | 'moreHint'> => {
  if (all) return {};
  return limit === undefined
    ? {
        limit: DEFAULT_LIMIT,
        moreHint: `These are the first ${DEFAULT_LIMIT}. There are more: --all lists them.`,
      }
    : { limit };
};

export interface ListRequest {
  readonly path: string;
  readonly query?: Query;
  /** The most items in all. Default: all that there are. */
  readonly limit?: number | undefined;
  /** Said when there are more than `limit`. */
  readonly moreHint?: string | undefined;
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
    cursor = body.nextCursor;
    if (left > 0) continue;
    if (cursor !== undefined && request.moreHint !== undefined)
      await request.err.write(`${request.moreHint}\n`);
    return;
  }
}

/** Prints all pages. Returns how many items they had. */
export async function printPages<T>(
  pages: AsyncGenerator<readonly T[]>,
  print: (items: readonly T[]) => Promise<void>,
): Promise<number> {
  let count = 0;
  for await (const items of pages) {
    await print(items);
    count += items.length;
  }
  return count;
}
