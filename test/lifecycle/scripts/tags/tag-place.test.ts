import { expect, it } from 'vitest';
import {
  placeOfMember,
  placeTime,
  refOfPlace,
  tagLines,
} from '../../../../src/lifecycle/scripts/tags/tag-place.ts';

it('names the job of a place, and nothing for other text', () => {
  expect(refOfPlace(`${placeTime(1_700_000_000_000)}0212p`)).toEqual({
    place: 'parked',
    entryId: '1700000000000-12',
  });
  for (const text of ['', 'x', `${placeTime(1)}01`, `${placeTime(1)}011z`])
    expect(refOfPlace(text)).toBeUndefined();
});

it('orders places by their times, whatever their length', () => {
  const times = [0, 9, 1_700_000_000_000, 10_000_000_000_000].map(placeTime);
  expect([...times].sort()).toEqual(times);
});

it('finds the place behind a tag with any characters', () => {
  expect(placeOfMember('a b ~\n0001')).toBe('0001');
  expect(tagLines(['a', 'b'])).toBe('a\nb');
  expect(tagLines(undefined)).toBe('');
});
