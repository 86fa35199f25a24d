import {
  type AccessKeys,
  accessKeys,
  auditKeys,
  configurationsKey,
  httpQueuesKey,
  probeKey,
  type QueueKeys,
  queueKeys,
  queuesKey,
  rateKey,
  removedQueuesKey,
  scheduledQueuesKey,
  scheduleHealKey,
  scheduleLockKey,
  schedulesKey,
  workerKeys,
} from './keys.ts';

/** Clients choose queue names, so the cache is bounded. */
const MAX_CACHED = 1_000;

/** The keys of all queues that share one prefix. */
export class KeySpace {
  readonly #prefix: string;
  readonly #cache = new Map<string, QueueKeys>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get queues(): string {
    return queuesKey(this.#prefix);
  }

  get removedQueues(): string {
    return removedQueuesKey(this.#prefix);
  }

  get httpQueues(): string {
    return httpQueuesKey(this.#prefix);
  }

  get schedules(): string {
    return schedulesKey(this.#prefix);
  }

  get scheduledQueues(): string {
    return scheduledQueuesKey(this.#prefix);
  }

  scheduleLock(id: string): string {
    return scheduleLockKey(this.#prefix, id);
  }

  get scheduleHeal(): string {
    return scheduleHealKey(this.#prefix);
  }

  /** @param id of an access key. */
  rate(id: string): string {
    return rateKey(this.#prefix, id);
  }

  get audit(): ReturnType<typeof auditKeys> {
    return auditKeys(this.#prefix);
  }

  get configurations(): string {
    return configurationsKey(this.#prefix);
  }

  get workers(): ReturnType<typeof workerKeys> {
    return workerKeys(this.#prefix);
  }

  get access(): AccessKeys {
    return accessKeys(this.#prefix);
  }

  get probe(): string {
    return probeKey(this.#prefix);
  }

  queue(name: string): QueueKeys {
    const cached = this.#cache.get(name);
    if (cached !== undefined) return cached;
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    const keys = queueKeys(this.#prefix, name);
    this.#cache.set(name, keys);
    return keys;
  }
}
