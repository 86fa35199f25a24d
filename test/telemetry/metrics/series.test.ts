import { expect, it } from 'vitest';
import { MOST_SERIES, OTHER, SeriesByName, SeriesByPair } from '../../../src/telemetry/metrics/series.ts';

const MANY = Array.from({ length: MOST_SERIES + 50 }, (_, i) => `q${i}`);

it('keeps a value for each name, and one for all that come after 1,000', () => {
  const series = new SeriesByName(() => ({ count: 0 }));
  for (const name of MANY) series.of(name).count += 1;
  const values = new Map(series);
  expect(values.size).toBe(MOST_SERIES);
  expect(values.get('q0')).toEqual({ count: 1 });
  expect(values.get(OTHER)).toEqual({ count: 51 });
});

it('does the same with pairs', () => {
  const series = new SeriesByPair(() => ({ count: 0 }));
  for (const name of MANY) series.of(name, 'a').count += 1;
  series.of('q0', 'a').count += 1;
  const values = [...series];
  expect(values).toHaveLength(MOST_SERIES);
  expect(values[0]).toEqual(['q0', 'a', { count: 2 }]);
  expect(values.at(-1)).toEqual([OTHER, OTHER, { count: 51 }]);
  const ofOne = new SeriesByPair(() => ({ count: 0 }));
  for (const name of MANY) ofOne.of('q', name).count += 1;
  expect([...ofOne]).toHaveLength(MOST_SERIES);
});
