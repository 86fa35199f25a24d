import fc from 'fast-check';
import { expect, it } from 'vitest';
import { newJobText, viewNewJob } from '../../src/jobs/new-job.ts';
import { formatJobId } from '../../src/redis/job-id.ts';
import { PLACES } from '../../src/redis/keys.ts';
import { JsonText, printJson } from '../../src/schemas/json/json-text.ts';

const optionsArbitrary = fc.oneof(
  fc.constant({}),
  fc.record(
    { a: fc.integer({ min: 1, max: 100 }), m: fc.dictionary(fc.string(), fc.string()), x: fc.nat() },
    { requiredKeys: [] },
  ),
);

it('the text of a new job is the JSON of its view', () => {
  const job = fc.record({
    task: fc.stringMatching(/^[A-Za-z0-9_.:/-]{1,128}$/),
    payload: fc.jsonValue(),
    options: optionsArbitrary,
    place: fc.constantFrom(...PLACES),
    ms: fc.integer({ min: 1, max: 4_000_000_000_000 }),
    seq: fc.nat(),
    attempts: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(job, ({ task, payload, options, place, ms, seq, attempts }) => {
      const ref = { place, entryId: `${ms}-${seq}` };
      const defaults = attempts === undefined ? undefined : { attempts };
      const job = { entry: { task, options }, payload: JsonText.of(payload) };
      const text = newJobText({ id: formatJobId('default', ref), queue: 'default', ref }, job, defaults);
      const view = viewNewJob('default', ref, job, defaults);
      expect(JSON.parse(text)).toEqual(JSON.parse(printJson(view)));
    }),
  );
});
