import { describe, expect, it } from 'vitest';
import {
  compareEntryIds,
  entryTime,
  formatJobId,
  formatRef,
  parseJobId,
  parseRef,
} from '../../src/redis/job-id.ts';

describe('a job id', () => {
  it.each([
    ['default', { place: 'normal', entryId: '1769860800000-0' }],
    ['a.b_c-d', { place: 'parked', entryId: '1769860800000-12345' }],
    ['q'.repeat(64), { place: 'critical', entryId: '18446744073709551615-18446744073709551615' }],
  ] as const)('of queue %s survives formatting and parsing', (queue, ref) => {
    const id = formatJobId(queue, ref);
    expect(id).toMatch(/^[A-Za-z0-9_.~-]{1,96}$/);
    expect(parseJobId(id)).toEqual({ queue, ref });
  });

  it.each([
    '',
    'default',
    'default~n',
    'default~x1-0',
    'default~n01-0',
    'default~N1-0',
    'default~nzzzzzzzzzzzzz-0',
    '~n1-0',
    'a~b~n1-0',
    'default~n1-0 ',
    'a:b~n1-0',
  ])('is not %j', (text) => {
    expect(parseJobId(text)).toBeUndefined();
  });
});

describe('a ref', () => {
  it('names a stream and an entry', () => {
    expect(formatRef({ place: 'low', entryId: '5-1' })).toBe('l5-1');
    expect(parseRef('p5-1')).toEqual({ place: 'parked', entryId: '5-1' });
    expect(() => parseRef('x5-1')).toThrow(RangeError);
  });
});

describe('entry ids', () => {
  it('sort as their stream orders them', () => {
    const ordered = [
      '0-1',
      '5-0',
      '5-9',
      '5-10',
      '12-3',
      '1700000000000-0',
      '1700000000000-2',
      '1700000000001-1',
    ];
    expect([...ordered].reverse().sort(compareEntryIds)).toEqual(ordered);
    expect(compareEntryIds('5-9', '5-9')).toBe(0);
  });

  it('give the time at which Redis stored the entry, capped to a valid date', () => {
    expect(entryTime('1769860800000-7')).toBe(1_769_860_800_000);
    expect(() => new Date(entryTime('18446744073709551615-0')).toISOString()).not.toThrow();
  });
});
