import type { Connection } from '../redis/connect.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import type { TaskDirectory } from '../tasks/directory.ts';

/** What the verbs of the API side share. */
export interface Core {
  readonly redis: Connection;
  readonly keySpace: KeySpace;
  readonly tasks: TaskDirectory;
  readonly resultTtlMs: number;
  /** How long an Idempotency-Key is remembered. */
  readonly idempotencyTtlMs: number;
  readonly unknownTasks: 'accept' | 'reject';
}
