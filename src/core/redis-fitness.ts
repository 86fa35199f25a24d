import { serverFaults } from '../redis/server/kind.ts';

/** The sections of INFO that `unfitness` reads. Redis before 7.0 gives one section at a time. */
export const FITNESS_SECTIONS = ['server', 'replication', 'cluster', 'memory', 'persistence'] as const;

/** Why this Redis can never serve, or not yet: it is too old, of the wrong kind, or still loads. Empty when it can. */
export function unfitness(info: ReadonlyMap<string, string>): string[] {
  const reasons = serverFaults(info).map(({ what, todo }) => `${what} ${todo}`);
  if (info.get('loading') === '1') {
    const seconds = info.get('loading_eta_seconds') ?? '';
    const left = seconds === '' ? '' : ` It will take some ${seconds} s.`;
    reasons.push(`Redis still loads its data.${left}`);
  }
  return reasons;
}
