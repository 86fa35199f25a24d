import { describe, expect, it } from 'vitest';
import { PROBLEMS } from '../../src/http/problems/problems.ts';
import { problems } from '../../src/schemas/http.ts';

describe('problems', () => {
  it('describes a problem response for every status that an error has', () => {
    const statuses = [...new Set(Object.values(PROBLEMS).map(({ status }) => status))];
    const responses = problems(...statuses);
    expect(Object.keys(responses).map(Number).sort()).toEqual(statuses.sort());
    const descriptions = Object.values(responses).map((response) => Reflect.get(response, 'description'));
    expect(new Set(descriptions).size).toBe(statuses.length);
    expect(descriptions).not.toContain('An error');
  });
});
