import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textNew, viewNew } from '../../src/queue/view.ts';
import { PLACES } from '../../src/redis/keys.ts';

const options = fc.oneof(
  fc.constant({}),
  fc.record(
    { a: fc.integer({ min: 1, max: 100 }), m: fc.dictionary(fc.string(), fc.string()), x: fc.nat() },
    { requiredKeys: [] },
  ),
);

describe('the text of a new job', () => {
  it('says what its view says', () => {
    const job = fc.record({
      task: fc.stringMatching(/^[A-Za-z0-9_.:/-]{1,128}$/),
      payload: fc.jsonValue(),
      options,
      place: fc.constantFrom(...PLACES),
      ms: fc.integer({ min: 1, max: 4_000_000_000_000 }),
      seq: fc.nat(),
      attempts: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(job, ({ task, payload, options: own, place, ms, seq, attempts }) => {
        const ref = { place, entryId: `${ms}-${seq}` };
        const defaults = attempts === undefined ? undefined : { attempts };
        const text = textNew(
          'default',
          ref,
          { task, payload: JSON.stringify(payload), options: own },
          defaults,
        );
        const view = viewNew('default', ref, { task, payload, options: own }, defaults);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(view)));
      }),
    );
  });
});
