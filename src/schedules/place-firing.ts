import { withPlace } from '../jobs/unique/rule.ts';
import { JsonText } from '../schemas/json/json-text.ts';
import type { Firing } from './scripts/fire.ts';

/**
 * Puts the place of unique jobs into the options of a firing. A firing of other jobs stays unchanged.
 *
 * @param resultTtlMs how long a result is kept where the job does not say so.
 */
export async function placeFiring(firing: Firing, resultTtlMs: number): Promise<Firing> {
  const { task, payload, unique } = firing.job;
  const [first] = firing.slots;
  if (unique === undefined || first === undefined) return firing;
  const json = JsonText.read(payload) ?? JsonText.of(payload);
  // The slots differ in their labels alone.
  const { uq, rt } = await withPlace({ task, options: first.options, unique }, json, resultTtlMs);
  const placed = { ...(uq !== undefined && { uq }), ...(rt !== undefined && { rt }) };
  return {
    ...firing,
    slots: firing.slots.map(({ slot, options }) => ({ slot, options: { ...options, ...placed } })),
  };
}
