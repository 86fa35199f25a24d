/** The commands and flags of scripts that the service uses came with it. */
const NEEDED_MAJOR = 7;

/** The sections of INFO that `unfitness` reads. Redis before 7.0 gives one section at a time. */
export const FITNESS_SECTIONS = ['server', 'replication', 'cluster', 'memory', 'persistence'] as const;

/** Why this Redis can never serve, or not yet: it is too old, of the wrong kind, or still loads. Empty when it can. */
export function unfitness(info: string): string[] {
  const value = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? '';
  const reasons: string[] = [];
  const version = value('redis_version');
  if (version !== '' && Number.parseInt(version, 10) < NEEDED_MAJOR) {
    reasons.push(`Redis ${version} is too old: Redis 7.0 or newer is needed, or Valkey 7.2.`);
  }
  if (value('redis_mode') === 'sentinel') {
    reasons.push('This is a Redis Sentinel, which holds no data. Set REDIS_URL to the primary.');
  }
  if (value('cluster_enabled') === '1') {
    reasons.push('Redis runs in cluster mode, which is not supported. Use a Redis outside of a cluster.');
  }
  if (value('role') === 'slave') {
    reasons.push('Redis is a replica, which takes no jobs. Set REDIS_URL to the primary.');
  }
  if (value('loading') === '1') {
    const seconds = value('loading_eta_seconds');
    const left = seconds === '' ? '' : ` It will take some ${seconds} s.`;
    reasons.push(`Redis still loads its data.${left}`);
  }
  return reasons;
}
