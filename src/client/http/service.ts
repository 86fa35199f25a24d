import { MillraceError, Unreachable } from '../errors.ts';
import { bodyOf, errorOf, retryAfterOf } from './answers.ts';
import { Limit } from './limit.ts';
import { MAX_PAUSE_MS, pause, pauseMs } from './pause.ts';

/** Where the service is, and how to talk to it. */
export interface ServiceOptions {
  /** The address of the API. A path in it is kept. Default `http://127.0.0.1:3000`. */
  readonly url?: string | URL | undefined;
  /** An access key or a token; a function is asked for each request. Absent: no key is sent. */
  readonly key?: string | (() => string | Promise<string>) | undefined;
  /** Used in place of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
  /** The most tries of a request that is safe to repeat. Default 5; 1: nothing is repeated. */
  readonly tries?: number | undefined;
  /** Milliseconds within which a request must be answered, beside what it waits for by its nature. Default 30,000. */
  readonly requestTimeoutMs?: number | undefined;
}

type QueryValue = string | number | boolean | readonly string[] | undefined;

export interface RequestOptions {
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether the request can be sent again when nobody knows whether it arrived. Default: all but POST and PATCH. */
  readonly isRepeatable?: boolean | undefined;
  /** In place of the `tries` of the client. */
  readonly tries?: number | undefined;
  /** How long the service may wait before it answers, ms. */
  readonly waitMs?: number | undefined;
}

export interface ServiceAnswer<T> {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON of the answer; undefined without one. */
  readonly body: T;
}

const DEFAULT_URL = 'http://127.0.0.1:3000';
const DEFAULT_TRIES = 5;
const DEFAULT_TIMEOUT_MS = 30_000;
const NOT_TRIED_STATUS = 429;
const PASSING_STATUSES: readonly number[] = [429, 502, 503, 504];

/** Whether the same request may succeed a little later. */
export const isPassing = (error: unknown): error is MillraceError =>
  error instanceof Unreachable || (error instanceof MillraceError && PASSING_STATUSES.includes(error.status));

/** Sends requests to the API, and repeats those that are safe to repeat. */
export class Service {
  readonly requestTimeoutMs: number;
  readonly #url: string;
  readonly #key: ServiceOptions['key'];
  readonly #fetch: typeof fetch;
  readonly #tries: number;

  constructor({ url = DEFAULT_URL, key, fetch: send, tries, requestTimeoutMs }: ServiceOptions) {
    this.#url = new URL(url).href.replace(/[?#].*$/, '').replace(/\/+$/, '');
    this.#key = key;
    // Browsers refuse to call fetch as a method of another object.
    this.#fetch = send ?? ((...args) => fetch(...args));
    this.#tries = tries ?? DEFAULT_TRIES;
    this.requestTimeoutMs = requestTimeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /**
   * Sends a request, and again after pauses while it is safe and may help.
   *
   * @param path with its names encoded: see `pathOf`
   * @throws {MillraceError} for an answer that is no success
   * @throws {Unreachable} without an answer
   */
  async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<ServiceAnswer<T>> {
    const { tries: most = this.#tries } = options;
    const isRepeatable = options.isRepeatable ?? !['POST', 'PATCH'].includes(method);
    for (let tries = 1, wasLost = false; ; tries += 1) {
      try {
        return await this.#once<T>(method, path, options);
      } catch (error) {
        // The try before, whose answer was lost, has removed it.
        if (wasLost && method === 'DELETE' && isGone(error)) return REMOVED as ServiceAnswer<T>;
        if (!isPassing(error)) throw error;
        const wasRefused = error.status === NOT_TRIED_STATUS;
        const ms = pauseMs(tries, error.retryAfter);
        if (tries >= most || ms > MAX_PAUSE_MS || !(isRepeatable || wasRefused)) throw error;
        wasLost ||= !wasRefused;
        await pause(ms, options.signal);
      }
    }
  }

  /** As `request`: the JSON of the answer alone. */
  async json<T>(method: string, path: string, options?: RequestOptions): Promise<T> {
    return (await this.request<T>(method, path, options)).body;
  }

  /**
   * Sends a request once, and resolves with its successful response, whose body is not read.
   *
   * @throws as `request`
   */
  async send(method: string, path: string, options: RequestOptions, limit: Limit): Promise<Response> {
    const { body, query } = options;
    const headers = await this.#headers(options);
    try {
      const response = await this.#fetch(`${this.#url}${path}${queryText(query)}`, {
        method,
        headers,
        signal: limit.signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (response.ok) return response;
      throw errorOf(response.status, await response.text(), retryAfterOf(response.headers));
    } catch (error) {
      throw this.#fault(error, limit, options);
    }
  }

  async #once<T>(method: string, path: string, options: RequestOptions): Promise<ServiceAnswer<T>> {
    options.signal?.throwIfAborted();
    const limit = new Limit(this.requestTimeoutMs + (options.waitMs ?? 0), options.signal);
    try {
      const response = await this.send(method, path, options, limit);
      const body = bodyOf(await response.text()) as T;
      return { status: response.status, headers: response.headers, body };
    } catch (error) {
      throw this.#fault(error, limit, options);
    } finally {
      limit.end();
    }
  }

  async #headers({ body, headers = {} }: RequestOptions): Promise<Record<string, string>> {
    const key = typeof this.#key === 'function' ? await this.#key() : this.#key;
    const all = {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    };
    return Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }

  /** What the caller is told of an error of `fetch`. */
  #fault(error: unknown, limit: Limit, { signal, waitMs = 0 }: RequestOptions): unknown {
    if (error instanceof MillraceError) return error;
    if (signal?.aborted) return signal.reason;
    const ms = this.requestTimeoutMs + waitMs;
    if (limit.isOver) return new Unreachable(`${this.#url} gave no answer within ${ms} ms`);
    return new Unreachable(`${this.#url} cannot be reached, or the connection broke`, error);
  }
}

const REMOVED: ServiceAnswer<unknown> = { status: 204, headers: new Headers(), body: undefined };

const isGone = (error: unknown): boolean =>
  error instanceof MillraceError && (error.status === 404 || error.status === 410);

function queryText(query: RequestOptions['query'] = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) params.append(name, String(one));
    }
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

/** A path whose names are encoded: pathOf`/jobs/${id}`. */
export const pathOf = (texts: TemplateStringsArray, ...names: string[]): string =>
  String.raw({ raw: texts }, ...names.map(encodeURIComponent));
