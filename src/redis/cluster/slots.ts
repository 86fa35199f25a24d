/// <reference path="./cluster-key-slot.d.ts" />
import calculateSlot from 'cluster-key-slot';
import { Cluster } from 'ioredis';
import type { Connection } from '../connection.ts';

export const isCluster = (redis: Connection): redis is Cluster => redis instanceof Cluster;

/** The slot of a key, 0 to 16,383. All keys of one queue have the same. */
export const slotOf = (key: string): number => calculateSlot(key);

/**
 * Parts such that one command may name the keys of a part: one for each slot in a Cluster, else one for all.
 *
 * @param keyOf any key of an item; its other keys have the same slot.
 */
export function bySlot<T>(
  redis: Connection,
  items: readonly T[],
  keyOf: (item: T) => string,
): readonly (readonly T[])[] {
  if (!isCluster(redis)) return [items];
  const parts = new Map<number, T[]>();
  for (const item of items) {
    const slot = slotOf(keyOf(item));
    const part = parts.get(slot);
    if (part === undefined) parts.set(slot, [item]);
    else part.push(item);
  }
  return [...parts.values()];
}
