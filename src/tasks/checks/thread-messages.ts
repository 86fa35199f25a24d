import type { Fault } from '../../schemas/problem.ts';

/** A value that a thread is to check. */
export interface CheckRequest {
  /** Of the schema. */
  readonly key: string;
  /** JSON. */
  readonly schema: string;
  /** JSON. */
  readonly value: string;
  /** Prefix of every pointer. */
  readonly base: string;
}

export type FromThread =
  /** `thread`: its folder below /proc, where there is one. */
  | { readonly kind: 'ready'; readonly thread: string | undefined }
  | { readonly kind: 'compiled' }
  | { readonly kind: 'checked'; readonly faults: Fault[] }
  | { readonly kind: 'no-schema'; readonly reason: string };

/** Compiled schemas that a thread keeps. With one more it forgets all. */
export const MAX_COMPILED = 200;
