import type { EventTypes } from '../../events/event-chunk.ts';
import type { EventType } from '../../schemas/event.ts';

const MAX_CACHED = 100;
const cached = new Map<string, EventTypes>();

/**
 * The set of a comma-separated list of types; undefined, for all types, without a list. Equal lists share one set, so
 * that their readers share the texts made for it.
 */
export function typeFilter(list: string | undefined): EventTypes {
  if (list === undefined) return undefined;
  const types = [...new Set(list.split(','))].sort();
  const filter = cached.get(types.join()) ?? new Set(types as EventType[]);
  if (cached.size >= MAX_CACHED) cached.clear();
  cached.set(types.join(), filter);
  return filter;
}
