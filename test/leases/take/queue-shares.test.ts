import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { QueueShares, visitsByDigest } from '../../../src/leases/take/queue-shares.ts';

const ALL = Number.POSITIVE_INFINITY;
const inOrder = [0, 1, 2].map((index) => ({ index, most: ALL, isAgain: false }));
const digestOf = (text: string) => createHash('sha1').update(text).digest('base64url');

describe('the visits of a take', () => {
  it('are to all queues in their order, and one job in sixteen comes from a later queue, each in turn', () => {
    const shares = new QueueShares();
    const queues = ['a', 'b', 'c'];
    const favoured: number[] = [];
    for (let jobs = 0; jobs < 16 * 5; jobs += 1) {
      const visits = shares.plan(queues);
      if (visits.length === 3) expect(visits).toEqual(inOrder);
      else favoured.push(visits[0]?.index ?? -1);
      shares.taken(queues, 1, 1);
    }
    expect(favoured).toEqual([1, 2, 1, 2]);
  });

  it('come back to the favoured queue', () => {
    const shares = new QueueShares();
    shares.taken(['a', 'b'], 32, 32);
    expect(shares.plan(['a', 'b'])).toEqual([
      { index: 1, most: 2, isAgain: false },
      { index: 0, most: ALL, isAgain: false },
      { index: 1, most: ALL, isAgain: true },
    ]);
  });

  it('depend on what was taken from the same queues alone', () => {
    const shares = new QueueShares();
    shares.taken(['a', 'b'], 160, 160);
    expect(shares.plan(['b', 'a'])).toHaveLength(2);
    expect(shares.plan(['a'])).toHaveLength(1);
    expect(shares.plan(['a', 'b'])).toHaveLength(3);
  });
});

describe('the visits of a request that may be repeated', () => {
  it('are the same for the same digest, and favour later queues in one of sixteen', () => {
    const firsts = Array.from({ length: 3_200 }, (_, i) => {
      const visits = visitsByDigest(3, 1, digestOf(`request ${i}`));
      expect(visitsByDigest(3, 1, digestOf(`request ${i}`))).toEqual(visits);
      return visits[0]?.index;
    });
    for (const queue of [1, 2]) {
      const times = firsts.filter((first) => first === queue).length;
      expect(times).toBeGreaterThan(50);
      expect(times).toBeLessThan(150);
    }
  });

  it('leave the favoured queue a sixteenth of many jobs', () => {
    const [first] = visitsByDigest(2, 160, digestOf('any'));
    expect(first).toMatchObject({ index: 1, isAgain: false });
    expect([10, 11]).toContain(first?.most);
  });

  it('are in order where nothing is taken, or from one queue only', () => {
    expect(visitsByDigest(3, 0, '')).toEqual(inOrder);
    expect(visitsByDigest(1, 100, digestOf('any'))).toEqual(inOrder.slice(0, 1));
  });
});
