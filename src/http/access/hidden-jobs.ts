import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { formatJobId, parseJobId } from '../../redis/job-id.ts';

/** A queue that nobody can have, since nobody knows its name. */
const NOWHERE = `nowhere-${randomBytes(16).toString('hex')}`;
const TWIN = new RegExp(`${NOWHERE}~[a-z][0-9a-z]+-[0-9a-z]+`, 'g');

/** Twin -> the id that the client has sent. */
const realIds = new WeakMap<FastifyRequest, Map<string, string>>();

/**
 * A twin for the id of a job that the caller may not see: an id of the same form that never was. A handler that gets it does
 * what it does for any such id, so neither the answer nor its time tells the two apart, and no route needs a rule of its own.
 * Answers show the id that the client has sent.
 */
export function hiddenId(request: FastifyRequest, id: string): string {
  const parsed = parseJobId(id);
  if (parsed === undefined) return id;
  const twin = formatJobId(NOWHERE, parsed.ref);
  const known = realIds.get(request) ?? new Map<string, string>();
  realIds.set(request, known.set(twin, id));
  return twin;
}

/** A text of an answer with the ids that the client has sent. */
export function inRealIds(request: FastifyRequest, text: string): string {
  const known = realIds.get(request);
  return known === undefined ? text : text.replace(TWIN, (twin) => known.get(twin) ?? twin);
}
