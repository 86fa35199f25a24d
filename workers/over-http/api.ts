import { setTimeout as sleep } from 'node:timers/promises';

/** An answer of the API that says no. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: string;
  /** Wait so long before you ask again, ms. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, code: string, message: string, retryAfterMs: number | undefined) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same request may be answered otherwise later. A redirect is not from the API: it may be a page of maintenance. */
  get isPassing(): boolean {
    return (
      this.status >= 500 ||
      this.status < 400 ||
      this.status === 429 ||
      this.status === 408 ||
      this.status === 425
    );
  }
}

const REQUEST_MS = 30_000;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 10_000;
const MAX_RETRY_AFTER_MS = 60_000;

/** The requests of a worker to the API. */
export class Api {
  readonly #url: string;
  readonly #key: string;

  /** @param url without a slash at its end. @param key '' for none. */
  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  /**
   * Sends one request. @param body JSON text. @param patienceMs beyond which the API counts as silent.
   *
   * @throws {Refusal} for an answer that is no success; any other error when there was none.
   */
  async send<T>(
    method: 'POST' | 'PUT',
    path: string,
    body: string,
    signal?: AbortSignal,
    patienceMs = REQUEST_MS,
  ): Promise<T> {
    const limit = AbortSignal.timeout(patienceMs);
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
    if (!response.ok) throw refusalOf(response, text);
    return JSON.parse(text) as T;
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
    signal: AbortSignal,
    onTrouble: (error: unknown) => void,
  ): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      signal.throwIfAborted();
      try {
        return await this.send<T>(method, path, body, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Refusal && !error.isPassing) throw error;
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

function refusalOf(response: Response, text: string): Refusal {
  const { code = '', detail = text.slice(0, 500) } = problemIn(text);
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const place = response.headers.get('location');
  const told = place === null ? detail : `it redirects to ${place}. Set url to the address of the API there.`;
  const message = `The API answered ${response.status}${code === '' ? '' : ` (${code})`}: ${told}`;
  return new Refusal(response.status, code, message, Number.isFinite(seconds) ? seconds * 1_000 : undefined);
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
