import { Type } from 'typebox';
import { HELD_BY, type HeldBy } from '../values/names.ts';

export type HeldCounts = Record<HeldBy, number>;

export const noneHeld = (): HeldCounts =>
  Object.fromEntries(HELD_BY.map((reason) => [reason, 0])) as HeldCounts;

/** Queued jobs by why they are not handed out. */
export const HeldCounts = Type.Unsafe<HeldCounts>({
  type: 'object',
  properties: Object.fromEntries(
    HELD_BY.map((reason) => [
      reason,
      { type: 'integer', minimum: 0, description: `Queued jobs with \`heldBy\` "${reason}".` },
    ]),
  ),
  required: [...HELD_BY],
  description: 'Queued jobs that are not handed out, by `heldBy`.',
});
