import { expect, it } from 'vitest';
import { newIdempotencyKey } from '../../../src/client/http/idempotency.ts';

it('makes a key of 128 random bits each time', () => {
  const keys = Array.from({ length: 1_000 }, newIdempotencyKey);
  expect(new Set(keys).size).toBe(1_000);
  expect(keys.every((key) => /^[0-9a-f]{32}$/.test(key))).toBe(true);
});
