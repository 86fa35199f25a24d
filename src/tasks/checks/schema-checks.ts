import { createHash } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { NO_OBSERVER, type Observer } from '../../observer.ts';
import type { JsonSchema } from '../types.ts';
import { CheckThreads } from './check-threads.ts';
import { SchemaCheck } from './schema-check.ts';

/** Bounds the schemas that a process keeps, and their characters. */
const MAX_SCHEMAS = 1_000;
const MAX_LENGTH = 16_777_216;

/** Who announced a schema, for the log. */
export interface SchemaUse {
  readonly queue: string;
  readonly task: string;
}

/** The announced schemas of all queues. Equal ones share a check, which is compiled once. */
export class SchemaChecks {
  readonly #threads: CheckThreads;
  readonly #observe: Observer;
  /** By the hash of the schema, the last one used at the end. */
  readonly #checks = new Map<string, { check: SchemaCheck; length: number }>();
  #length = 0;

  constructor(clock: Pick<Clock, 'monotonic'>, observe: Observer = NO_OBSERVER) {
    this.#threads = new CheckThreads(clock);
    this.#observe = observe;
  }

  /** @param use who has announced it; undefined for a schema that is not announced yet. */
  of(schema: JsonSchema, use?: SchemaUse): SchemaCheck {
    const text = JSON.stringify(schema);
    const key = createHash('sha256').update(text).digest('base64url');
    const known = this.#checks.get(key);
    this.#checks.delete(key);
    const check = known?.check ?? new SchemaCheck({ schema, text, key }, this.#threads, this.#report(use));
    this.#checks.set(key, { check, length: text.length });
    if (known === undefined) this.#length += text.length;
    this.#forgetOldest();
    return check;
  }

  async close(): Promise<void> {
    await this.#threads.close();
  }

  #report(use: SchemaUse | undefined): (reason: string) => void {
    return (reason) => {
      if (use !== undefined) this.#observe({ kind: 'schema-unusable', ...use, reason });
    };
  }

  #forgetOldest(): void {
    for (const [key, { length }] of this.#checks) {
      if (this.#checks.size <= MAX_SCHEMAS && this.#length <= MAX_LENGTH) return;
      this.#checks.delete(key);
      this.#length -= length;
    }
  }
}
