import { createHash } from 'node:crypto';

/** Printable, without spaces and `~`, so that no name can look like a shortened one. */
const PLAIN = /^[\x21-\x7d]{1,100}$/;
const SHOWN = 60;

/**
 * The subject of a token as logs, the audit and leases name it. One that is long or has other characters is shortened, with a
 * digest: two subjects never share a name.
 */
export function subjectId(subject: string): string {
  if (PLAIN.test(subject)) return subject;
  const shown = subject.replaceAll(/[^\x21-\x7d]/g, '-').slice(0, SHOWN);
  return `${shown}~${createHash('sha256').update(subject).digest('base64url').slice(0, 22)}`;
}
