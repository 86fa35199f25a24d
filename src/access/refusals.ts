import { EVERY_QUEUE, type QueueGuard } from '../core/queue-guard.ts';
import { AppError } from '../errors.ts';
import type { Scope } from '../schemas/keys/scope.ts';
import type { Caller } from './caller.ts';

/** One answer for no key, a wrong, an expired and a revoked one: it tells nothing of keys that exist. */
export const unauthorized = (): AppError =>
  new AppError(
    'unauthorized',
    'The request needs a valid key. Send one in the header "Authorization: Bearer <key>".',
  );

/** The rate of the key is reached. @param waitMs until its next request may come. */
export const rateLimited = (waitMs: number): AppError =>
  new AppError(
    'rate-limited',
    'The key sends more requests than its rate allows. Wait for Retry-After seconds.',
    {
      retryAfterS: Math.ceil(waitMs / 1_000),
    },
  );

/** Too many wrong keys came from the address of a client that sends one more. */
export const tooManyWrongKeys = (waitMs: number): AppError =>
  new AppError(
    'rate-limited',
    'Too many wrong keys came from your address. Send a right one, or wait for Retry-After seconds.',
    { retryAfterS: Math.ceil(waitMs / 1_000) },
  );

/** @param queue absent where the scope is missing for all queues. */
export const forbidden = (scope: Scope, queue?: string): AppError =>
  new AppError(
    'forbidden',
    `The key lacks the scope "${queue === undefined ? scope : `${scope}:${queue}`}". Use a key that has it.`,
  );

/**
 * What a caller may do with the scope. What it may not read does not exist for it.
 *
 * @throws {AppError} the guard: forbidden, for a queue that the caller may read, but lacks the scope for.
 */
export function guardOf(caller: Caller, scope: Scope): QueueGuard {
  if (caller.may(scope)) return EVERY_QUEUE;
  return (queue) => {
    if (caller.may(scope, queue)) return true;
    if (caller.may('read', queue)) throw forbidden(scope, queue);
    return false;
  };
}

/** @throws {AppError} forbidden, for a queue that the request itself names. */
export function demand(caller: Caller, scope: Scope, queue: string): void {
  if (!caller.may(scope, queue)) throw forbidden(scope, queue);
}
