import { expect, it } from 'vitest';
import { shareCall } from '../../src/core/share-call.ts';

it('calls that overlap share one, and a later one is made again', async () => {
  let calls = 0;
  const shared = shareCall(async () => {
    calls += 1;
    return calls;
  });
  expect(await Promise.all([shared(), shared()])).toEqual([1, 1]);
  expect(await shared()).toBe(2);
});

it('a call that fails is made again', async () => {
  const shared = shareCall(async () => {
    throw new Error('no');
  });
  await expect(shared()).rejects.toThrow('no');
  await expect(shared()).rejects.toThrow('no');
});
