import { describe, expect, it } from 'vitest';
import { dispatch, type Hint, type Interest, type ShownResult } from '../../src/events/dispatch.ts';
import { RecentRefs } from '../../src/events/recent-refs.ts';

/** Dispatches an entry to listeners of job n1-0, and returns what each was called with. */
function called(fields: string[], ...interests: Interest[]) {
  const calls: (ShownResult | undefined)[][] = interests.map(() => []);
  const listeners = new Map<Hint, Interest>();
  for (const [i, interest] of interests.entries())
    listeners.set((result) => calls[i]?.push(result), interest);
  const finishedRefs = new RecentRefs();
  dispatch(
    { hints: interests.length > 0 ? new Map([['n1-0', listeners]]) : new Map(), finishedRefs },
    fields,
  );
  return { calls, finishedRefs };
}

describe('dispatch', () => {
  it('calls a listener of all events for each event of its job', () => {
    const { calls } = called(['e', 'started', 'j', 'n1-0 n2-0', 'e', 'progress', 'j', 'n1-0'], 'all', 'end');
    expect(calls).toEqual([[undefined, undefined], []]);
  });

  it.each(['completed', 'failed', 'cancelled', 'expired'])('calls a listener of the end for %s', (kind) => {
    expect(called(['e', kind, 'j', 'n1-0'], 'end').calls).toEqual([[undefined]]);
  });

  it('passes the result on with the end of its own job', () => {
    const fields = ['r', 'n1-0 5000 {"a": 1} x', 'r', 'n2-0 6000 other', 'e', 'completed', 'j', 'n2-0 n1-0'];
    expect(called(fields, 'end').calls).toEqual([[{ record: '{"a": 1} x', expiresAt: 5_000 }]]);
  });

  it('remembers finished jobs, with or without a listener', () => {
    for (const { finishedRefs } of [
      called(['e', 'started', 'j', 'n3-0', 'e', 'failed', 'j', 'n1-0 n2-0']),
      called(['e', 'started', 'j', 'n3-0', 'e', 'failed', 'j', 'n1-0 n2-0'], 'all'),
    ]) {
      expect(finishedRefs.count).toBe(2);
      expect(finishedRefs.mayHaveCome('n2-0', 0)).toBe(true);
      expect(finishedRefs.mayHaveCome('n3-0', 0)).toBe(false);
    }
  });
});
