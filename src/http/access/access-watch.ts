import type { FastifyRequest } from 'fastify';
import type { Authenticator } from '../../access/authenticator.ts';

/** Between two looks, ms. */
const LOOK_EVERY_MS = 1_000;

/**
 * Checks again and again whether the callers of open streams, waits and uploads may still send requests. It ends the requests of
 * a caller whose key was revoked or whose token has expired.
 */
export class AccessWatch {
  readonly #authenticator: Pick<Authenticator, 'look'>;
  /** By the header with the key: many requests may have the same. */
  readonly #watched = new Map<string, Set<() => void>>();

  constructor(authenticator: Pick<Authenticator, 'look'>) {
    this.#authenticator = authenticator;
  }

  /**
   * Calls `onLost` once the caller of the request has lost its access.
   *
   * @returns ends the watch.
   */
  watch({ raw: { headers } }: FastifyRequest, onLost: () => void): () => void {
    const header = headers.authorization ?? '';
    const watchers = this.#watched.get(header) ?? new Set();
    this.#watched.set(header, watchers.add(onLost));
    return () => {
      watchers.delete(onLost);
      if (watchers.size === 0 && this.#watched.get(header) === watchers) this.#watched.delete(header);
    };
  }

  /** One look; resolves to the ms until the next one. */
  readonly run = async (): Promise<number> => {
    await Promise.all([...this.#watched].map(([header, watchers]) => this.#look(header, watchers)));
    return LOOK_EVERY_MS;
  };

  async #look(header: string, watchers: ReadonlySet<() => void>): Promise<void> {
    // Nobody can tell while Redis is unavailable. Then nothing comes to those who wait, either.
    const isGood = await this.#authenticator.look(header).then(
      (caller) => caller !== undefined,
      () => true,
    );
    if (isGood) return;
    for (const onLost of [...watchers]) onLost();
  }
}
