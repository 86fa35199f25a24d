import { describe, expect, it } from 'vitest';
import { rateHeaders } from '../../../src/access/rates/rate-headers.ts';

const rate = { limit: 100, perMs: 60_000 };

describe('the headers of a rate', () => {
  it('say what is left, and when the bucket is full', () => {
    const state = { isAllowed: true, left: 40, nextInMs: 400, fullInMs: 35_400 };
    expect(rateHeaders(rate, state)).toEqual({
      'ratelimit-policy': '"key";q=100;w=60',
      ratelimit: '"key";r=40;t=36',
    });
  });

  it('say when the next token comes once the bucket is empty', () => {
    const state = { isAllowed: false, left: 0, nextInMs: 400, fullInMs: 59_900 };
    expect(rateHeaders(rate, state).ratelimit).toBe('"key";r=0;t=1');
  });
});
