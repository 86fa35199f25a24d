import { MillraceError, Unreachable } from '../errors.ts';
import { answerOf, errorOf, redirectOf, retryAfterOf } from './answers.ts';
import { addressOf, checkRequest, headersOf, jsonOf, keyOf, numberOf } from './arguments.ts';
import { Limit } from './limit.ts';
import { checkPath } from './path.ts';
import { MAX_PAUSE_MS, pause, pauseMs } from './pause.ts';

/** Where the service is, and how to talk to it. */
export interface ServiceOptions {
  /** The address of the API. A path in it is kept. Default: MILLRACE_URL of the environment, or `http://127.0.0.1:3000`. */
  readonly url?: string | URL | undefined;
  /**
   * An access key or a token; a function is asked for each request. Default: MILLRACE_KEY of the environment, unless `url` is given: that key
   * may be for another service.
   */
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

interface Environment {
  readonly MILLRACE_URL?: string | undefined;
  readonly MILLRACE_KEY?: string | undefined;
}

/** Of the process; a browser has none. */
const environment = (): Environment =>
  (globalThis as { readonly process?: { readonly env?: Environment } }).process?.env ?? {};

/** Whether the same request may succeed a little later. */
export const isPassing = (error: unknown): error is MillraceError =>
  error instanceof Unreachable || (error instanceof MillraceError && PASSING_STATUSES.includes(error.status));

/** Sends requests to the API, and repeats those that are safe to repeat. */
export class Service {
  readonly requestTimeoutMs: number;
  readonly #url: string;
  readonly #key: string | Exclude<ServiceOptions['key'], string | undefined>;
  readonly #fetch: typeof fetch;
  readonly #tries: number;

  /** @throws {MillraceError} `invalid-argument` for an option that is of no use */
  constructor({ url, key, fetch: send, tries, requestTimeoutMs }: ServiceOptions) {
    const env = environment();
    // A variable of the environment that is empty counts as absent.
    this.#url = addressOf(url || env.MILLRACE_URL || DEFAULT_URL);
    this.#key = typeof key === 'function' ? key : keyOf(key ?? (url ? undefined : env.MILLRACE_KEY));
    // Browsers refuse to call fetch as a method of another object.
    this.#fetch = send ?? ((...args) => fetch(...args));
    this.#tries = numberOf('tries', tries ?? DEFAULT_TRIES, 1);
    this.requestTimeoutMs = numberOf('requestTimeoutMs', requestTimeoutMs ?? DEFAULT_TIMEOUT_MS, 1);
  }

  /**
   * Sends a request, and again after pauses while it is safe and may help.
   *
   * @param path with its names encoded: see `pathOf`
   * @throws {MillraceError} for an answer that is no success, or not one of Millrace; `invalid-argument`, when nothing was sent
   * @throws {Unreachable} without an answer
   */
  async request<T>(verb: string, path: string, options: RequestOptions = {}): Promise<ServiceAnswer<T>> {
    const method = verb.toUpperCase();
    const most = numberOf('tries', options.tries ?? this.#tries, 1);
    numberOf('waitMs', options.waitMs ?? 0, 0);
    const isRepeatable = options.isRepeatable ?? !['POST', 'PATCH'].includes(method);
    const body = options.body === undefined ? undefined : jsonOf(options.body);
    for (let tries = 1, wasLost = false; ; tries += 1) {
      try {
        return await this.#once<T>(method, path, options, body);
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
   * @param body in place of that of `options`, as JSON text
   * @throws as `request`
   */
  async send(
    method: string,
    path: string,
    options: RequestOptions,
    limit: Limit,
    body?: string,
  ): Promise<Response> {
    checkPath(path);
    const place = `${path}${queryText(options.query)}`;
    const url = this.#url + place;
    const headers = await this.#headers(options);
    const init: RequestInit = {
      method,
      headers,
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    };
    checkRequest(url, init);
    try {
      const response = await this.#fetch(url, { ...init, signal: limit.signal });
      if (response.ok) return response;
      const redirect = redirectOf(response, url, place);
      throw redirect ?? errorOf(response.status, await response.text(), retryAfterOf(response.headers));
    } catch (error) {
      throw this.#fault(error, limit, options);
    }
  }

  async #once<T>(
    method: string,
    path: string,
    options: RequestOptions,
    json: string | undefined,
  ): Promise<ServiceAnswer<T>> {
    options.signal?.throwIfAborted();
    const limit = new Limit(this.requestTimeoutMs + (options.waitMs ?? 0), options.signal);
    try {
      const response = await this.send(method, path, options, limit, json);
      const body = answerOf(method, path, response.status, await this.#textOf(response, limit, options)) as T;
      return { status: response.status, headers: response.headers, body };
    } finally {
      limit.end();
    }
  }

  async #textOf(response: Response, limit: Limit, options: RequestOptions): Promise<string> {
    try {
      return await response.text();
    } catch (error) {
      throw this.#fault(error, limit, options);
    }
  }

  async #headers({ body, headers = {} }: RequestOptions): Promise<Headers> {
    const key = typeof this.#key === 'function' ? keyOf(await this.#key()) : this.#key;
    return headersOf({
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    });
  }

  /** What the caller is told of an error of `fetch`. */
  #fault(error: unknown, limit: Limit, { signal, waitMs = 0 }: RequestOptions): unknown {
    if (error instanceof MillraceError) return error;
    if (signal?.aborted) return signal.reason;
    const ms = this.requestTimeoutMs + waitMs;
    if (limit.isOver) return new Unreachable(`${this.#url} gave no answer within ${ms} ms`);
    return new Unreachable(
      `${this.#url} cannot be reached, or the connection broke. Start the service, or name another with \`url\` or MILLRACE_URL.`,
      error,
    );
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
