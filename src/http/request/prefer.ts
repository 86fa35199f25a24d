import type { FastifyReply } from 'fastify';
import { MAX_WAIT_S } from '../../schemas/http.ts';

/** What a client asked for with `?wait=` or `Prefer`. */
export interface WaitPreference {
  ms: number;
  /** Set when it came as a preference, which the answer then names. */
  applied: string | undefined;
}

/** The members of a Prefer header (RFC 7240), names in lower case, values without quotes. */
function preferences(header: string | undefined): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of header?.split(',') ?? []) {
    const [name = '', value = ''] = part.split(';', 1)[0]?.split('=') ?? [];
    // The first of a repeated preference counts, as the RFC asks.
    const key = name.trim().toLowerCase();
    if (!found.has(key)) found.set(key, value.trim().replaceAll('"', ''));
  }
  return found;
}

const NO_WAIT: WaitPreference = { ms: 0, applied: undefined };

/** The query wins over the header; a preference that is no number from 0 on is ignored, as the RFC asks. */
export function waitPreference(query: { wait?: number }, headers: { prefer?: string }): WaitPreference {
  if (query.wait !== undefined) return { ms: query.wait * 1_000, applied: undefined };
  if (headers.prefer === undefined) return NO_WAIT;
  const text = preferences(headers.prefer).get('wait') ?? '';
  if (!/^\d{1,9}$/.test(text)) return NO_WAIT;
  const seconds = Math.min(Number(text), MAX_WAIT_S);
  return { ms: seconds * 1_000, applied: `wait=${seconds}` };
}

export const wantsRepresentation = (headers: { prefer?: string }): boolean =>
  preferences(headers.prefer).get('return') === 'representation';

/** Names the preference that was honoured, if any. */
export function applied(reply: FastifyReply, preference: string | undefined): FastifyReply {
  return preference === undefined ? reply : reply.header('preference-applied', preference);
}
