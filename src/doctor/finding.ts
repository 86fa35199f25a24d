/** From good to bad. With a warning or a fault the doctor ends with exit code 1. */
export const LEVELS = ['ok', 'note', 'warning', 'fault'] as const;
/**
 * - `ok`: as it should be. `note`: nothing is wrong, but somebody may want to know, or the doctor could not look.
 * - `warning`: it works now, and will hurt. `fault`: jobs are lost or stuck, or the service does not work.
 */
export type Level = (typeof LEVELS)[number];

/** The kinds of findings: what `--ignore` takes. */
export const FINDING_IDS = [
  'acl',
  'acl-optional',
  'api',
  'api-clock',
  'api-rights',
  'api-warning',
  'clients',
  'clock',
  'cluster-nodes',
  'cluster-slots',
  'dead-letters',
  'evicted',
  'eviction-policy',
  'fragmentation',
  'huge-pages',
  'info',
  'keepalive',
  'known-holes',
  'latency',
  'max-jobs',
  'memory',
  'misspelt-setting',
  'no-workers',
  'old-jobs',
  'open-api',
  'overcommit',
  'paused',
  'persistence',
  'primary-unreachable',
  'queues',
  'redis-cluster',
  'redis-kind',
  'redis-reachable',
  'redis-role',
  'redis-sentinel',
  'redis-version',
  'rejected-clients',
  'releases',
  'replicas',
  'replicas-ack',
  'schedules',
  'sentinel-count',
  'sentinels',
  'settings',
  'shared-settings',
  'slow-commands',
  'stale-primary',
  'stream-nodes',
  'subscription-behind',
  'subscription-lost',
  'subscriptions',
  'swapped',
  'tasks-dir',
  'timeout',
  'workers',
] as const;
export type FindingId = (typeof FINDING_IDS)[number];

/** One result of a check. No member holds a secret. */
export interface Finding {
  /** The same for all findings of one kind, for `--ignore` and for programs. */
  readonly id: FindingId;
  readonly level: Level;
  readonly what: string;
  /** Why it matters. */
  readonly why?: string;
  /** What to do: one command where possible. */
  readonly todo?: string;
}

interface Advice {
  readonly what: string;
  readonly why: string;
  readonly todo: string;
}

export const ok = (id: FindingId, what: string): Finding => ({ id, level: 'ok', what });
export const note = (id: FindingId, advice: { what: string; why?: string; todo?: string }): Finding => ({
  id,
  level: 'note',
  ...advice,
});
export const warning = (id: FindingId, advice: Advice): Finding => ({ id, level: 'warning', ...advice });
export const fault = (id: FindingId, advice: Advice): Finding => ({ id, level: 'fault', ...advice });

/** Whether the finding says that something is wrong. */
export const isWrong = ({ level }: Finding): boolean => level === 'warning' || level === 'fault';
