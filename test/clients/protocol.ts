/** What every driver must know. README.md says what each call takes and gives. */
export const REQUIRED = ['connect', 'submit', 'get', 'result', 'wait', 'cancel'] as const;

/** Calls that only some clients have. */
export const OPTIONAL = [
  'batch',
  'retry',
  'change',
  'rerun',
  'remove',
  'logs',
  'find',
  'abort',
  'follow',
  'unfollow',
  'queue.get',
  'queue.stats',
  'queue.pause',
  'queue.resume',
  'queue.set',
  'queue.remove',
  'queue.jobs',
  'queue.history',
  'queue.keys',
  'dead.list',
  'dead.retry',
  'dead.purge',
  'schedules.put',
  'schedules.get',
  'schedules.pause',
  'schedules.resume',
  'schedules.run',
  'schedules.remove',
  'schedules.preview',
  'schedules.list',
  'keys.create',
  'keys.list',
  'keys.revoke',
  'workers.list',
  'tasks.list',
  'audit.list',
  'subscriptions.put',
  'subscriptions.read',
  'subscriptions.ack',
  'work',
  'work.stop',
] as const;

export type Op = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number];

/** The error of an answer. */
export interface Fault {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly requestId?: string;
  readonly retryAfter?: number;
  /** Of a code `job-*`: the job. */
  readonly job?: { readonly id: string; readonly status: string };
}

export interface Call {
  readonly id: number;
  readonly op: Op;
  readonly args: Readonly<Record<string, unknown>>;
}

/** A line that a driver writes. */
export type Line =
  | { readonly hello: string; readonly ops: readonly string[] }
  | { readonly id: number; readonly ok: unknown }
  | { readonly id: number; readonly error: Fault }
  | { readonly follow: number; readonly message: { readonly type: string; readonly id?: string } }
  | { readonly follow: number; readonly end: Fault | null };
