import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newJobText, viewNewJob } from '../../src/jobs/new-job.ts';
import { viewJob } from '../../src/jobs/view.ts';
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
        const text = newJobText(
          'default',
          ref,
          { task, payload: JSON.stringify(payload), options: own },
          defaults,
        );
        const view = viewNewJob('default', ref, { task, payload, options: own }, defaults);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(view)));
      }),
    );
  });
});

it.each([
  ['it was made', {}, 1_000],
  ['it was due', { d: 500 }, 1_500],
  ['it was due', { at: 1_700 }, 1_700],
])('a job is never shown to have started before %s', (_, own, first) => {
  const ref = { place: 'parked' as const, entryId: '1000-0' };
  const fields = ['t', 'task', 'p', '1', 'o', JSON.stringify(own)];
  const unknown = { errors: undefined, progress: undefined, cancelAskedAt: undefined, worker: undefined };
  const notes = { attempts: 0, startedAt: undefined, ...unknown };
  const shownAt = (startedAt: number) => {
    const found = { place: 'running' as const, now: 2_000, fields, notes, startedAt };
    return viewJob('q', ref, found, () => undefined).startedAt;
  };
  expect(shownAt(first - 1)).toBe(new Date(first).toISOString());
  expect(shownAt(first + 1)).toBe(new Date(first + 1).toISOString());
});
