import fc from 'fast-check';
import type { Rule } from './model.ts';

const rule: fc.Arbitrary<Rule> = fc.record({
  until: fc.constantFrom('ended', 'ended', 'started'),
  onConflict: fc.constantFrom('existing', 'reject', 'replace', 'replace'),
  throttles: fc.constantFrom(false, false, false, false, true),
});
const which = fc.nat(1_000);
/** What clients, workers and accidents do. */
export const move = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('submit' as const), key: fc.constantFrom('a', 'b'), rule }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'complete',
        'retry',
        'bury',
        'release',
        'cancel',
        'expire',
        'change',
        'requeue',
        'remove',
        'lose',
      ),
      which,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('recover', 'sweep', 'flush') }) },
);
export type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;
