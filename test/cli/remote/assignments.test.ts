import { expect, it } from 'vitest';
import { assignments } from '../../../src/cli/remote/assignments.ts';

it('makes an object of words', () => {
  const words = [
    'maxJobs=5',
    'rate=100/1m',
    'perKey.rate=none',
    'perKey.maxJobs=3',
    'by=me=you',
    'fair=true',
  ];
  expect(assignments(words)).toEqual({
    maxJobs: 5,
    rate: { limit: 100, per: '1m' },
    perKey: { rate: null, maxJobs: 3 },
    by: 'me=you',
    fair: true,
  });
});

it.each([['x'], ['=1'], ['a..b=1'], ['__proto__.a=1'], ['a.constructor=1']])('refuses %s', (word) => {
  expect(() => assignments([word])).toThrow('must be NAME=VALUE');
});

it('refuses a part of what is no object', () => {
  expect(() => assignments(['rate=5', 'rate.per=1s'])).toThrow('sets a part of rate');
});
