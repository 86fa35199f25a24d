import { describe, expect, it } from 'vitest';
import { typeFilter } from '../../../src/http/streams/type-filter.ts';

describe('typeFilter', () => {
  it('is undefined, for all types, without a list', () => {
    expect(typeFilter(undefined)).toBeUndefined();
  });

  it('has each type of the list once', () => {
    expect([...(typeFilter('failed,completed,failed') ?? [])].sort()).toEqual(['completed', 'failed']);
  });

  it('is the same set for equal lists, in any order', () => {
    expect(typeFilter('failed,started')).toBe(typeFilter('started,failed'));
    expect(typeFilter('failed')).not.toBe(typeFilter('started'));
  });
});
