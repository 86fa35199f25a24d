import type { FastifyReply } from 'fastify';
import { AppError } from '../../errors.ts';
import { MAX_KEY_LENGTH } from '../../schemas/http.ts';

/** A string of RFC 9651 (structured fields): in quotes, with `\\` before a quote or a backslash. */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;
const BARE = /^[\x21\x23-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * The Idempotency-Key of a request, quoted or bare (the same key either way); undefined when there is none.
 *
 * @throws {AppError} invalid-request when it is none.
 */
export function idempotencyKey(headers: { 'idempotency-key'?: string }): string | undefined {
  const text = headers['idempotency-key']?.trim();
  if (text === undefined) return undefined;
  const quoted = QUOTED.exec(text)?.[1]?.replaceAll(/\\(.)/g, '$1');
  const key = quoted ?? (BARE.test(text) ? text : '');
  if (key.length >= 1 && key.length <= MAX_KEY_LENGTH) return key;
  throw new AppError('invalid-request', 'Mend the headers listed in errors and send the request again.', {
    errors: [
      {
        pointer: '/idempotency-key',
        detail: `must be 1 to ${MAX_KEY_LENGTH} printable ASCII characters, bare or in quotes`,
      },
    ],
  });
}

/** Says that the answer is about what was stored before. */
export const replayed = (reply: FastifyReply, wasKnown: boolean): FastifyReply =>
  wasKnown ? reply.header('idempotency-replayed', 'true') : reply;
