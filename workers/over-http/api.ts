import { setTimeout as sleep } from 'node:timers/promises';
import { reasonsOf, summaryOf } from '../../src/error-reasons.ts';
import { ForeignAnswer, type ReadAnswer } from './answers.ts';
import { type OutageKind, Outages } from './outages.ts';

/** An answer of the API that says no. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: string;
  /** Wait so long before you ask again, ms. */
  readonly retryAfterMs: number | undefined;
  /** As `Unanswered.outage`; undefined for what concerns this request alone. */
  readonly outage: number | undefined;

  constructor({ status, code, message, retryAfterMs }: Told, outage: number | undefined) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.outage = outage;
  }

  /** Whether the same request may be answered otherwise later. */
  get isPassing(): boolean {
    return isPassing(this.status);
  }

  /** Whether the API does not take the key, or not for this. */
  get isOfKey(): boolean {
    return isOfKey(this.status);
  }
}

/** What a refusal says. */
type Told = Pick<Refusal, 'status' | 'code' | 'message' | 'retryAfterMs'>;

/** A key that is not valid now may be so later. A redirect is not from the API: it may be a page of maintenance. */
const isPassing = (status: number): boolean =>
  status >= 500 || status < 400 || [401, 408, 425, 429].includes(status);

const isOfKey = (status: number): boolean => status === 401 || status === 403;

/** No answer of the API came. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
  /** Counts the times that the API went away: it is the same until an answer comes. */
  readonly outage: number;

  constructor(url: string, why: string, outage: number, cause: unknown) {
    super(`${url} gives no answer (${why}). The worker tries again until it does`, { cause });
    this.outage = outage;
  }
}

/** Whether the request that ended so may succeed later. Without an answer nobody knows. */
export const mayPass = (error: unknown): boolean => !(error instanceof Refusal) || error.isPassing;

const REQUEST_MS = 30_000;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 10_000;
const MAX_RETRY_AFTER_MS = 60_000;

/** The requests of a worker to the API. */
export class Api {
  readonly #url: string;
  readonly #key: string;
  readonly #outages = new Outages();

  /** @param url without a slash at its end. @param key '' for none. */
  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  /**
   * Sends one request. @param body JSON text. @param read reads the answer. @param patienceMs beyond which the API counts as silent.
   *
   * @throws {Refusal} for an answer that is no success. {Unanswered} without one. What `signal` was aborted with.
   */
  async send<T>(
    method: 'POST' | 'PUT',
    path: string,
    body: string,
    read: ReadAnswer<T>,
    signal?: AbortSignal,
    patienceMs = REQUEST_MS,
  ): Promise<T> {
    const limit = AbortSignal.timeout(patienceMs);
    try {
      const response = await fetch(this.#url + path, {
        method,
        body,
        headers: {
          'content-type': 'application/json',
          ...(this.#key !== '' && { authorization: `Bearer ${this.#key}` }),
        },
        // To follow it would turn a POST into a GET, and could show the key to others.
        redirect: 'manual',
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      });
      const text = await response.text();
      if (!response.ok) throw this.#refusal(path, toldBy(response, text));
      const value = read(text);
      this.#outages.served(path);
      return value;
    } catch (error) {
      if (error instanceof Refusal || signal?.aborted) throw error;
      const why = limit.aborted ? `within ${patienceMs} ms` : whyOf(error);
      throw new Unanswered(this.#url, why, this.#outages.failed(path, 'away'), error);
    }
  }

  #refusal(path: string, told: Told): Refusal {
    const { status } = told;
    if (isPassing(status) || isOfKey(status)) {
      return new Refusal(told, this.#outages.failed(path, outageKindOf(status)));
    }
    this.#outages.served(path);
    return new Refusal(told, undefined);
  }

  /**
   * Sends the request until it is answered, with a growing pause between two tries.
   *
   * @param signal ends the tries. @throws {Refusal} for an answer that another try would not change; what `signal` was aborted with.
   */
  async persist<T>(
    method: 'POST' | 'PUT',
    path: string,
    body: string,
    read: ReadAnswer<T>,
    signal: AbortSignal,
    onTrouble: (error: unknown) => void,
  ): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      signal.throwIfAborted();
      try {
        return await this.send(method, path, body, read, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!mayPass(error)) throw error;
        onTrouble(error);
        await sleep(pauseMs(tries, error), undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

/** The wait before the next try, ms: with chance in it, so that many workers do not come at once. @param tries so far, from 0. */
export function pauseMs(tries: number, error: unknown): number {
  const spread = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(tries, 10), MAX_PAUSE_MS);
  const own = spread / 2 + (Math.random() * spread) / 2;
  const asked = error instanceof Refusal ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(own, Math.min(asked, MAX_RETRY_AFTER_MS));
}

/** Undefined: too many requests, or wrong keys, say nothing new of an outage. */
function outageKindOf(status: number): OutageKind | undefined {
  if (isOfKey(status)) return 'key';
  return status === 429 ? undefined : 'away';
}

/** What "fetch failed" leaves out. */
function whyOf(error: unknown): string {
  if (error instanceof ForeignAnswer) return error.message;
  const { cause = { message: String(error) } } = error instanceof Error ? reasonsOf(error) : {};
  return summaryOf(cause);
}

function toldBy(response: Response, text: string): Told {
  const { status } = response;
  const { code = '', detail = text.slice(0, 500) } = problemIn(text);
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const place = response.headers.get('location');
  const told = place === null ? detail : `it redirects to ${place}. Set url to the address of the API there.`;
  const todo = isOfKey(status)
    ? ' Set key or MILLRACE_KEY to a key with the scope "work" for its queues.'
    : '';
  const message = `The API answered ${status}${code === '' ? '' : ` (${code})`}: ${told}${todo}`;
  return { status, code, message, retryAfterMs: Number.isFinite(seconds) ? seconds * 1_000 : undefined };
}

/** Something between worker and API may answer, too, which writes no problem document. */
function problemIn(text: string): { code?: string; detail?: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return {};
    return {
      ...('code' in value && typeof value.code === 'string' && { code: value.code }),
      ...('detail' in value && typeof value.detail === 'string' && { detail: value.detail }),
    };
  } catch {
    return {};
  }
}
