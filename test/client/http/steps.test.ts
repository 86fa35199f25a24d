import { expect, it } from 'vitest';
import { inSteps } from '../../../src/client/http/steps.ts';

it('goes on until there is no cursor, counts, and tells each step where it is', async () => {
  const steps = [{ count: 2, nextCursor: 'a' }, { count: 0, nextCursor: 'b' }, { count: 3 }];
  const cursors: unknown[] = [];
  const seen: unknown[] = [];
  const step = async (cursor: string | undefined) => {
    cursors.push(cursor);
    return steps.shift() ?? expect.fail('one step too many');
  };
  const onStep = ({ nextCursor }: { nextCursor?: string }, total: number) => seen.push([nextCursor, total]);
  expect(await inSteps(step, 'here', { onStep })).toBe(5);
  expect(cursors).toEqual(['here', 'a', 'b']);
  expect(seen).toEqual([
    ['a', 2],
    ['b', 2],
    [undefined, 5],
  ]);
});
