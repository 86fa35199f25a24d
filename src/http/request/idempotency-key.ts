import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { Caller } from '../../access/caller.ts';
import { holderOf } from '../../access/holder.ts';
import { invalidRequest } from '../../errors.ts';
import { MAX_KEY_LENGTH } from '../../schemas/http.ts';

/** A string of RFC 9651 (structured fields): quoted, with `\\` before a quote or backslash. */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;
const BARE = /^[\x21\x23-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * The Idempotency-Key of a request, or undefined without one. Quoted or bare, it is the same key.
 *
 * @throws {AppError} invalid-request if the header is not a valid key.
 */
export function idempotencyKey({ headers, caller }: KeyedRequest): string | undefined {
  const text = headers['idempotency-key'];
  return text === undefined ? undefined : ownKey(caller, parseKey(text, '/idempotency-key', 'headers'));
}

interface KeyedRequest {
  readonly headers: { readonly 'idempotency-key'?: string };
  readonly caller: Caller;
}

/**
 * The key as it is stored. Each caller has its own ones: nobody gets the job of another by its key, or learns that there is one.
 * Where clients need no key, it is the key itself. No key of a client has a line break.
 */
export function ownKey(caller: Caller, key: string): string {
  const holder = holderOf(caller);
  if (holder === '') return key;
  return `\n${createHash('sha256').update(holder).digest('base64url').slice(0, 22)}\n${key}`;
}

/**
 * The key that a header or query parameter spells.
 *
 * @param parts the parts of the request that have it, such as "headers".
 * @throws {AppError} invalid-request if the text is not a valid key.
 */
export function parseKey(written: string, pointer: string, parts: string): string {
  const text = written.trim();
  const quoted = QUOTED.exec(text)?.[1]?.replaceAll(/\\(.)/g, '$1');
  const key = quoted ?? (BARE.test(text) ? text : '');
  if (key.length >= 1 && key.length <= MAX_KEY_LENGTH) return key;
  const detail = `must be 1 to ${MAX_KEY_LENGTH} printable ASCII characters, bare or in quotes`;
  throw invalidRequest([{ pointer, detail }], parts);
}

/** Marks the response of a repeated key, which shows what an earlier request stored. */
export const markReplayed = (reply: FastifyReply, replayed: boolean): FastifyReply =>
  replayed ? reply.header('idempotency-replayed', 'true') : reply;
