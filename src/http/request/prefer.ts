import type { FastifyReply } from 'fastify';
import { MAX_WAIT_S } from '../../schemas/http.ts';

/** How long a client prefers to wait, from `?wait=` or `Prefer`. */
export interface WaitPreference {
  ms: number;
  /** The preference to name in the response. Undefined for `?wait=`. */
  applied: string | undefined;
}

/** The preferences of a Prefer header (RFC 7240): names in lower case, values without quotes. */
function preferences(header: string | undefined): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of header?.split(',') ?? []) {
    const [name = '', value = ''] = part.split(';', 1)[0]?.split('=') ?? [];
    // The first of a repeated preference counts (RFC 7240, 2).
    const key = name.trim().toLowerCase();
    if (!found.has(key)) found.set(key, value.trim().replaceAll('"', ''));
  }
  return found;
}

const NO_WAIT: WaitPreference = { ms: 0, applied: undefined };

/**
 * The query wins over the header. A preference that is not a whole number of seconds is ignored (RFC 7240, 2). One
 * above the longest wait is capped.
 */
export function waitPreference(query: { wait?: number }, headers: { prefer?: string }): WaitPreference {
  if (query.wait !== undefined) return { ms: query.wait * 1_000, applied: undefined };
  if (headers.prefer === undefined) return NO_WAIT;
  const text = preferences(headers.prefer).get('wait') ?? '';
  if (!/^\d{1,9}$/.test(text)) return NO_WAIT;
  const seconds = Math.min(Number(text), MAX_WAIT_S);
  return { ms: seconds * 1_000, applied: `wait=${seconds}` };
}

/** Whether the client prefers the removed job as the response. */
export const prefersRepresentation = (headers: { prefer?: string }): boolean =>
  preferences(headers.prefer).get('return') === 'representation';

/** Names the preference that the response follows, if any (RFC 7240, 3). */
export function applyPreference(reply: FastifyReply, preference: string | undefined): FastifyReply {
  return preference === undefined ? reply : reply.header('preference-applied', preference);
}
