import { describe, expect, it } from 'vitest';
import { isNameOrPattern, matchesQueue, servedQueues } from '../../../src/schemas/values/queue-patterns.ts';

describe('a pattern of queue names', () => {
  it.each([
    ['*', 'anything', true],
    ['img-*', 'img-', true],
    ['img-*', 'img-small', true],
    ['img-*', 'imgsmall', false],
    ['*-low', 'img-low', true],
    ['*-low', 'img-lower', false],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'acb', false],
    // Both parts cannot share a letter.
    ['ab*ba', 'aba', false],
    ['a.b', 'a.b', true],
    ['a.*', 'axb', false],
  ])('%s and %s: %s', (pattern, name, fits) => {
    expect(matchesQueue(pattern, name)).toBe(fits);
  });

  it('has the letters of names', () => {
    expect(['*', 'img-*', '*.low', 'plain'].every(isNameOrPattern)).toBe(true);
    expect(['', 'a b', '-*', '{*}', 'a?'].some(isNameOrPattern)).toBe(false);
  });

  it('takes no longer for many stars', () => {
    expect(matchesQueue(`${'a*'.repeat(31)}b`, 'a'.repeat(64))).toBe(false);
  });
});

describe('the served queues', () => {
  const existing = ['critical-a', 'critical-b', 'default', 'other'];

  it('come in the order of the list, each once, with named ones that do not exist yet', () => {
    expect(servedQueues(['critical-*', 'default', '*', 'later'], existing)).toEqual({
      queues: ['critical-a', 'critical-b', 'default', 'other', 'later'],
      leftOut: 0,
    });
    expect(servedQueues(['*', 'default'], existing).queues).toEqual(existing);
  });

  it('are bounded: named ones and those served before stay', () => {
    const kept = new Set(['other']);
    expect(servedQueues(['*', 'default'], existing, kept, 3)).toEqual({
      queues: ['critical-a', 'default', 'other'],
      leftOut: 1,
    });
  });
});
