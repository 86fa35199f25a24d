import { createHash } from 'node:crypto';
import { AppError } from '../errors.ts';
import type { Connection } from '../redis/connect.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { type Once, type Remembered, recallOnce } from '../redis/scripts/submit.ts';

/** JSON with the members of objects in order, so that the same request has the same text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

/**
 * Names a submit by its Idempotency-Key. A key counts within a queue, where it is stored beside the jobs, in one
 * step with them.
 *
 * @param request all that was asked for; nested no deeper than payloads may be.
 */
export function onceFor(keys: QueueKeys, key: string, request: unknown, ttlMs: number): Once {
  const fingerprint = createHash('sha256').update(canonical(request)).digest('base64url');
  return { key: keys.idempotency(key), fingerprint, ttlMs, note: '' };
}

/**
 * What the key has stored, if it has. Asked before a request is checked: what was right then must not be refused
 * now because the worker that knew its task has gone.
 *
 * @throws {AppError} idempotency-mismatch when it was another request.
 */
export async function recall(redis: Connection, once: Once): Promise<Remembered | undefined> {
  const known = await recallOnce(redis, once.key);
  if (known !== undefined && known.fingerprint !== once.fingerprint) throw mismatch();
  return known;
}

export const mismatch = (): AppError =>
  new AppError(
    'idempotency-mismatch',
    'This Idempotency-Key was used with another request. Use a new key for each new request.',
  );
