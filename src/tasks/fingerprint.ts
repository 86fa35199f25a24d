import { createHash } from 'node:crypto';
import type { JsonSchema, TaskAnnouncement } from './types.ts';

/** Of 60 bits: a queue sees a few releases of a task. */
const LENGTH = 10;

/** Of any JSON value; the order of members does not count. */
function fingerprintOf(value: unknown): string {
  const sorted = (_: string, member: unknown): unknown =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member;
  return createHash('sha256').update(JSON.stringify(value, sorted)).digest('base64url').slice(0, LENGTH);
}

/** Tells the input schemas of a task's releases apart; '' without a schema, which refuses nothing. */
export const schemaFingerprint = (input: JsonSchema | undefined): string =>
  input === undefined ? '' : fingerprintOf(input);

/** Tells the releases of a task apart by all that they announce. */
export const releaseFingerprint = (task: TaskAnnouncement): string => fingerprintOf(task);
