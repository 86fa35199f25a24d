import { expect, it } from 'vitest';
import { readWithin, valueIn } from '../../../src/doctor/readings/reading.ts';

it('gives the value', async () => {
  expect(valueIn(await readWithin(1_000, async () => 7))).toBe(7);
});

it('gives the reason of a refusal', async () => {
  const reading = await readWithin(1_000, () => Promise.reject(new Error('NOPERM')));
  expect(reading).toEqual({ refused: 'NOPERM' });
  expect(valueIn(reading)).toBeUndefined();
});

it('does not wait for what hangs', async () => {
  expect(await readWithin(20, () => new Promise(() => {}))).toEqual({ refused: 'no answer within 20 ms' });
});
