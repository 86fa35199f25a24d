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

const lacks = (scopes: readonly string[]): AppError => {
  const names = scopes.map((scope) => `"${scope}"`).join(', ');
  return new AppError(
    'forbidden',
    scopes.length === 1
      ? `The key lacks the scope ${names}. Use a key that has it.`
      : `The key lacks the scopes ${names}. Use a key that has them.`,
  );
};

/** @param queues those for which the scope is missing; absent where it must hold for all queues. */
export const forbidden = (scope: Scope, queues?: readonly string[]): AppError =>
  lacks(queues === undefined ? [scope] : queues.map((queue) => `${scope}:${queue}`));

/** The scope is missing for every queue, and the queue of the request is not known. */
export const forbiddenAnywhere = (scope: Scope): AppError =>
  new AppError(
    'forbidden',
    `The key has the scope "${scope}" for no queue. Use a key that has "${scope}:QUEUE", with the name of the queue for QUEUE.`,
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
    if (caller.may('read', queue)) throw forbidden(scope, [queue]);
    return false;
  };
}

/** @throws {AppError} forbidden, for queues, or patterns of queues, that the request itself names. */
export function demand(caller: Caller, scope: Scope, ...queues: readonly string[]): void {
  const missing = queues.filter((queue) => !caller.may(scope, queue));
  if (missing.length > 0) throw forbidden(scope, [...new Set(missing)]);
}

/**
 * Like `demand`, for queues that the request does not name: the answer names none that the caller may not read.
 *
 * @throws {AppError} forbidden.
 */
export function demandUnnamed(caller: Caller, scope: Scope, queues: readonly string[]): void {
  if (queues.some((queue) => !caller.may(scope, queue) && !caller.may('read', queue))) {
    throw new AppError(
      'forbidden',
      `The key lacks the scope "${scope}" for queues that it may not read. Use a key that has "${scope}" for all queues.`,
    );
  }
  demand(caller, scope, ...queues);
}
