import { describe, expect, it } from 'vitest';
import { mergeEntries } from '../../src/events/merge.ts';

const stream = (queue: string, ...ids: string[]) => ({
  queue,
  entries: ids.map((id): [string, string[]] => [id, ['e', 'started']]),
});
const NEVER = Number.POSITIVE_INFINITY;
const ids = (merged: ReturnType<typeof mergeEntries>) =>
  merged.entries.map(({ queue, id }) => `${queue} ${id}`);

describe('mergeEntries', () => {
  it('orders entries by id, then by queue', () => {
    const merged = mergeEntries([stream('b', '1-0', '9-0'), stream('a', '1-0', '10-0')], 100, NEVER);
    expect(ids(merged)).toEqual(['a 1-0', 'b 1-0', 'b 9-0', 'a 10-0']);
    expect(merged).toMatchObject({ hasMore: false, isHeld: false });
  });

  it('stops where a stream that has more may continue', () => {
    const merged = mergeEntries(
      [stream('a', '1-0', '3-0'), stream('b', '2-0'), stream('c', '5-0')],
      2,
      NEVER,
    );
    expect(ids(merged)).toEqual(['a 1-0', 'b 2-0', 'a 3-0']);
    expect(merged.hasMore).toBe(true);
  });

  it('holds back entries of the present millisecond', () => {
    const merged = mergeEntries([stream('a', '4-0', '5-0'), stream('b', '5-1')], 100, 5);
    expect(ids(merged)).toEqual(['a 4-0']);
    expect(merged).toMatchObject({ hasMore: false, isHeld: true });
  });
});
