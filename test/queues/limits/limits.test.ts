import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMIT_FIELDS } from '../../../src/lifecycle/limits/settings.ts';
import { limitChanges, readLimits, showLimits } from '../../../src/queues/limits/limits.ts';
import type { LimitSettings } from '../../../src/schemas/queues/limits.ts';

const count = fc.integer({ min: 1, max: 1_000_000 });
const rate = fc.record({ limit: count, per: fc.integer({ min: 1_000, max: 86_400_000 }), burst: count });
const settings: fc.Arbitrary<LimitSettings> = fc.record(
  {
    concurrency: fc.option(count),
    rate: fc.option(rate.filter(isInBounds)),
    perKey: fc.option(
      fc.record(
        {
          concurrency: fc.option(count),
          rate: fc.option(rate.filter(isInBounds)),
          maxJobs: fc.option(count),
        },
        { requiredKeys: [] },
      ),
    ),
    fair: fc.option(fc.boolean()),
  },
  { requiredKeys: [] },
);

function isInBounds({ limit, per, burst }: { limit: number; per: number; burst: number }): boolean {
  return (burst / limit) * per <= 366 * 86_400_000;
}

/** What the answers show after the requests: a plain merge of what each names. */
function shownAfter(requests: readonly LimitSettings[]): object {
  const own: Record<string, unknown> = {};
  const perKey: Record<string, unknown> = {};
  for (const { perKey: ofKey, ...rest } of requests) {
    Object.assign(own, rest);
    Object.assign(perKey, ofKey === null ? { concurrency: null, rate: null, maxJobs: null } : ofKey);
  }
  const given = (values: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value));
  const shown = given(perKey);
  return { ...given(own), ...(Object.keys(shown).length > 0 && { perKey: shown }) };
}

describe('the limits of a queue', () => {
  it('are what requests named, one after the other', () => {
    fc.assert(
      fc.property(fc.array(settings, { maxLength: 6 }), (requests) => {
        const stored = new Map<string, string>();
        for (const request of requests) {
          for (const [field, text] of limitChanges(request)) {
            if (text === '') stored.delete(field);
            else stored.set(field, text);
          }
        }
        const read = readLimits(LIMIT_FIELDS.map((field) => stored.get(field) ?? null));
        expect(showLimits(read)).toEqual(shownAfter(requests));
      }),
    );
  });

  it('are stored as numbers and short texts, and read by their names', () => {
    const perKey = { concurrency: 1, rate: { limit: 5, per: '1m' }, maxJobs: 9 };
    const changes = limitChanges({
      concurrency: 50,
      rate: { limit: 100, per: '1s', burst: 7 },
      perKey,
      fair: true,
    });
    expect(changes).toEqual([
      ['concurrency', '50'],
      ['rate', '100 1000 7'],
      ['keyConcurrency', '1'],
      ['keyRate', '5 60000 5'],
      ['keyMaxJobs', '9'],
      ['fair', '1'],
    ]);
    expect(readLimits(changes.map(([, text]) => text))).toEqual({
      concurrency: 50,
      rate: { limit: 100, perMs: 1_000, burst: 7 },
      keyConcurrency: 1,
      keyRate: { limit: 5, perMs: 60_000, burst: 5 },
      keyMaxJobs: 9,
      fair: true,
    });
  });

  it('are none where another client of Redis wrote what no request can', () => {
    expect(readLimits(['x', '1 2', '-1', '1 2 3 4', '', null])).toEqual({});
    expect(readLimits([])).toEqual({});
  });
});
