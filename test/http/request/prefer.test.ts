import { describe, expect, it } from 'vitest';
import { prefersRepresentation, waitPreference } from '../../../src/http/request/prefer.ts';

describe('waitPreference', () => {
  it('takes ?wait= before the Prefer header, and names only the header as applied', () => {
    const headers = { prefer: 'wait=10' };
    expect(waitPreference({ wait: 2.5 }, headers)).toEqual({ ms: 2_500, applied: undefined });
    expect(waitPreference({}, headers)).toEqual({ ms: 10_000, applied: 'wait=10' });
  });

  it.each([
    ['wait=5, respond-async', 5],
    ['respond-async, WAIT="7"', 7],
    ['wait=1, wait=9', 1],
    ['wait=9;x=1', 9],
    ['wait=3600', 60],
  ])('reads %s as %i s', (prefer, seconds) => {
    expect(waitPreference({}, { prefer })).toEqual({ ms: seconds * 1_000, applied: `wait=${seconds}` });
  });

  it.each(['', 'wait', 'wait=', 'wait=-1', 'wait=1.5', 'wait=x', 'return=minimal'])(
    'ignores the preference "%s"',
    (prefer) => {
      expect(waitPreference({}, { prefer })).toEqual({ ms: 0, applied: undefined });
    },
  );
});

describe('prefersRepresentation', () => {
  it.each([
    ['return=representation', true],
    ['wait=1, return="representation"', true],
    ['return=minimal', false],
    [undefined, false],
  ])('reads %j as %j', (prefer, expected) => {
    expect(prefersRepresentation(prefer === undefined ? {} : { prefer })).toBe(expected);
  });
});
