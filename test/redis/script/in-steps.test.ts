import { expect, it } from 'vitest';
import { inSteps } from '../../../src/redis/script/in-steps.ts';

it('calls with a part at a time, one after the other, and keeps the order', async () => {
  const parts: number[][] = [];
  const doubled = await inSteps([1, 2, 3, 4, 5], 2, async (part) => {
    parts.push([...part]);
    return part.map((number) => 2 * number);
  });
  expect(parts).toEqual([[1, 2], [3, 4], [5]]);
  expect(doubled).toEqual([2, 4, 6, 8, 10]);
});

it('calls nothing for an empty list', async () => {
  const none = await inSteps([], 2, async () => {
    throw new Error('called');
  });
  expect(none).toEqual([]);
});
