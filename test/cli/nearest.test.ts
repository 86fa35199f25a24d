import { expect, it } from 'vitest';
import { nearest } from '../../src/cli/nearest.ts';

it.each([
  ['sumbit', 'submit'],
  ['que', 'queues'],
  ['stat', 'stats'],
  ['xyzzy', undefined],
  ['q', undefined],
  ['x'.repeat(100_000), undefined],
])('finds for %.10s the word that was meant', (word, meant) => {
  expect(nearest(word, ['submit', 'queues', 'stats'])).toBe(meant);
});
