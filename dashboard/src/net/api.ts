import { parseJson } from './json.ts';
import { keyHeader, onUnauthorized } from './key.ts';
import { API_ROOT, type Query, queryText } from './places.ts';
import type { Page, Problem } from './types.ts';

/** A request that the API has refused. Its message says what is wrong and what to do. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    const faults = problem.errors?.map(({ pointer, detail }) => `${pointer} ${detail}`) ?? [];
    super([problem.detail, ...faults].filter(Boolean).join('\n') || problem.title);
    this.problem = problem;
  }
}

/** Whether the API cannot be asked now, so that a later try may do. */
export const isOutage = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof ApiError && error.problem.status >= 500);

export interface Call {
  readonly method?: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends a request with the key. @throws {ApiError} for a refusal, {TypeError} where nobody answers. */
export async function request(path: string, call: Call = {}): Promise<Response> {
  const { method = 'GET', query, body, headers, signal } = call;
  const response = await fetch(new URL(path + queryText(query), API_ROOT), {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...keyHeader(),
      ...headers,
    },
    cache: 'no-store',
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  });
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.status === 401) onUnauthorized();
  throw new ApiError(problem);
}

/** The problem in an answer; a proxy in between may answer in a form of its own. */
async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    return JSON.parse(text) as Problem;
  } catch {
    const detail = `The answer was ${response.status} ${response.statusText}`;
    return {
      status: response.status,
      detail,
      title: detail,
      code: '',
      type: '',
      instance: '',
      requestId: '',
    };
  }
}

/** Reads JSON. `T` is what the API documents for this request. */
export async function call<T>(path: string, options?: Call): Promise<T> {
  const text = await (await request(path, options)).text();
  return (text === '' ? undefined : parseJson(text)) as T;
}

/** Reads a list page by page. */
export async function* pages<T>(path: string, query: Query, signal?: AbortSignal): AsyncGenerator<Page<T>> {
  let cursor: string | undefined;
  do {
    const page = await call<Page<T>>(path, {
      query: { ...query, cursor },
      ...(signal !== undefined && { signal }),
    });
    yield page;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

/** Reads a whole list, of at most `most` items. */
export async function all<T>(
  path: string,
  query: Query = {},
  signal?: AbortSignal,
  most = 10_000,
): Promise<T[]> {
  const items: T[] = [];
  for await (const page of pages<T>(path, query, signal)) {
    items.push(...page.items);
    if (items.length >= most) break;
  }
  return items;
}
