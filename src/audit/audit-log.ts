import type { Core } from '../core/core.ts';
import { type AuditRecord, encodeRecord } from './record.ts';
import { Refusals } from './refusals.ts';

/** How long a call waits for others, so that they are written together. */
const BATCH_MS = 100;
const REFUSALS_MS = 10_000;
/** Most calls of one batch, of each list. More than an API can answer in that time. */
const MAX_BATCH = 1_000;

type List = 'calls' | 'refused';

/**
 * Writes calls that manage, and calls that were refused, to the audit. No request waits for it: calls that Redis does not
 * take are told as events instead.
 */
export class AuditLog {
  readonly #core: Pick<Core, 'redis' | 'keySpace' | 'observe'>;
  readonly #max: number;
  readonly #refusals = new Refusals();
  readonly #waiting: Record<List, AuditRecord[]> = { calls: [], refused: [] };
  #batchTimer: NodeJS.Timeout | undefined;
  #refusalsTimer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** @param max calls of each list that Redis keeps. */
  constructor(core: Pick<Core, 'redis' | 'keySpace' | 'observe'>, max: number) {
    this.#core = core;
    this.#max = max;
  }

  managed(call: AuditRecord): void {
    this.#add('calls', call);
  }

  refused(call: AuditRecord): void {
    this.#refusalsTimer ??= setTimeout(() => this.#endRefusals(), REFUSALS_MS).unref();
    const single = this.#refusals.add(call);
    if (single !== undefined) this.#add('refused', single);
  }

  /** Writes what is left. */
  async stop(): Promise<void> {
    this.#endRefusals();
    this.#flush();
    await this.#writing;
  }

  #endRefusals(): void {
    clearTimeout(this.#refusalsTimer);
    this.#refusalsTimer = undefined;
    for (const record of this.#refusals.end()) this.#add('refused', record);
  }

  #add(list: List, call: AuditRecord): void {
    const waiting = this.#waiting[list];
    if (waiting.length >= MAX_BATCH) {
      this.#tell(call);
      return;
    }
    waiting.push(call);
    this.#batchTimer ??= setTimeout(() => this.#flush(), BATCH_MS);
  }

  #flush(): void {
    clearTimeout(this.#batchTimer);
    this.#batchTimer = undefined;
    const { calls, refused } = this.#waiting;
    const written = [...calls.splice(0).map((call) => this.#write('calls', call))];
    written.push(...refused.splice(0).map((call) => this.#write('refused', call)));
    this.#writing = Promise.all([this.#writing, ...written]).then(() => undefined);
  }

  /** All of one batch go to Redis in one write. Never rejects. */
  async #write(list: List, call: AuditRecord): Promise<void> {
    const { redis, keySpace } = this.#core;
    try {
      await redis.xadd(keySpace.audit[list], 'MAXLEN', '=', this.#max, '*', ...encodeRecord(call));
    } catch {
      this.#tell(call);
    }
  }

  #tell(call: AuditRecord): void {
    this.#core.observe({ kind: 'audit-unwritten', ...call });
  }
}
