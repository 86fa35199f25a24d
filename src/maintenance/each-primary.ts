import { setTimeout as sleep } from 'node:timers/promises';
import { primaryNamer } from '../redis/cluster/primaries.ts';
import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';

const PATIENCE_MS = 500;

/**
 * Repeats a pass over queues, in a Cluster at all primaries at one time, so that one that does not answer holds up only its own
 * queues. While a pass at a primary is under way, no other one begins there.
 */
export class EachPrimary {
  readonly #primaryOf: ReturnType<typeof primaryNamer>;
  readonly #patienceMs: number;
  readonly #busy = new Set<string>();
  #fault: unknown;

  /** @param patienceMs how long a pass waits for primaries that are slower than others. */
  constructor(redis: Connection, patienceMs = PATIENCE_MS) {
    this.#primaryOf = primaryNamer(redis);
    this.#patienceMs = patienceMs;
  }

  /**
   * @param pass gets the queues of one primary; all queues where one server has them.
   * @throws what a pass threw, once the others have ended.
   */
  async run(
    queues: Iterable<QueueKeys>,
    pass: (queues: readonly QueueKeys[]) => Promise<void>,
  ): Promise<void> {
    const all = [...queues];
    if (this.#primaryOf === undefined) return pass(all);
    const groups = new Map<string, QueueKeys[]>();
    for (const keys of all) {
      const primary = this.#primaryOf(keys);
      groups.set(primary, [...(groups.get(primary) ?? []), keys]);
    }
    const begun = [...groups].filter(([primary]) => !this.#busy.has(primary));
    const passes = begun.map(([primary, group]) => this.#pass(primary, () => pass(group)));
    await Promise.race([Promise.all(passes), sleep(this.#patienceMs, undefined, { ref: false })]);
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault !== undefined) throw fault;
  }

  async #pass(primary: string, pass: () => Promise<void>): Promise<void> {
    this.#busy.add(primary);
    try {
      await pass();
    } catch (error) {
      this.#fault ??= error;
    } finally {
      this.#busy.delete(primary);
    }
  }
}
