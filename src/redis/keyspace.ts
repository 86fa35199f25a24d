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
  readonly #isCluster: boolean;
  readonly #cache = new Map<string, QueueKeys>();

  /** @param isCluster whether keys that one script names need a hash tag; one server keeps the names that it has had. */
  constructor(prefix: string, isCluster = false) {
    this.#prefix = prefix;
    this.#isCluster = isCluster;
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
    return workerKeys(this.#together('workers'));
  }

  get access(): AccessKeys {
    return accessKeys(this.#together('access'));
  }

  get probe(): string {
    return probeKey(this.#prefix);
  }

  /** The prefix of keys that one script names. No queue has a slash in its name. */
  #together(noun: string): string {
    return this.#isCluster ? `${this.#prefix}:{/${noun}}` : this.#prefix;
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
