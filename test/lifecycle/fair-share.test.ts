import { expect, it } from 'vitest';
import { FairShare } from '../../src/lifecycle/fair-share.ts';

it('gives each of the lower sources its turn', () => {
  const shares = new FairShare(2);
  const favoured: number[] = [];
  for (let i = 0; i < 4; i += 1) {
    shares.taken(16, 16);
    favoured.push(shares.next().favoured);
  }
  expect(favoured).toEqual([2, 3, 2, 3]);
  expect(shares.next()).toEqual({ favoured: 0, share: 0 });
});
