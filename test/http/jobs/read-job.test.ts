import { describe, expect, it } from 'vitest';
import { matchesRevision } from '../../../src/http/jobs/read-job.ts';

describe('matchesRevision', () => {
  it.each([
    ['"abc"', true],
    ['W/"abc"', true],
    ['"x", "abc"', true],
    ['*', true],
    ['abc', false],
    ['"ABC"', false],
    ['', false],
    [undefined, false],
  ])('compares If-None-Match %j with abc: %j', (header, expected) => {
    expect(matchesRevision(header, 'abc')).toBe(expected);
  });
});
