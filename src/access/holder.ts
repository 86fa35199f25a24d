import { ADMIN, type Caller, EVERYONE } from './caller.ts';

/**
 * Whose leases and Idempotency-Keys those of a caller are: a text that no two callers share, whatever their ids. '' with AUTH=off,
 * where they are nobody's.
 */
export function holderOf(caller: Caller): string {
  if (caller === EVERYONE) return '';
  if (caller === ADMIN) return 'admin';
  return `${caller.isKey ? 'key' : 'sub'} ${caller.id}`;
}
