import { describe, expect, it } from 'vitest';
import { latencyField, percentiles } from '../../src/lifecycle/latency-histogram.ts';

describe('percentiles', () => {
  it('are off by at most the width of a bucket', () => {
    const window: Record<string, string> = {};
    for (let ms = 1; ms <= 1_000; ms += 1) {
      const field = latencyField('run', ms);
      window[field] = String(Number(window[field] ?? 0) + 1);
    }
    const found = percentiles([window], 'run');
    for (const [name, exact] of [
      ['p50', 500],
      ['p95', 950],
      ['p99', 990],
    ] as const) {
      expect(found?.[name]).toBeGreaterThanOrEqual(exact * 0.99);
      expect(found?.[name]).toBeLessThanOrEqual(exact * 1.16);
    }
  });

  it('add up over windows, and are undefined without counts', () => {
    expect(percentiles([{ [latencyField('wait', 1)]: '1' }, {}], 'run')).toBeUndefined();
    const both = percentiles([{ [latencyField('run', 1)]: '1' }, { [latencyField('run', 100)]: '9' }], 'run');
    expect(both?.p50).toBeGreaterThan(90);
    expect(latencyField('wait', 0)).toBe('wait:0');
  });
});
