import { describe, expect, it } from 'vitest';
import { idempotencyKey } from '../../../src/http/request/idempotency-key.ts';

describe('idempotencyKey', () => {
  it('is undefined without the header', () => {
    expect(idempotencyKey({})).toBeUndefined();
  });

  it.each([
    ['order-4711', 'order-4711'],
    ['"order-4711"', 'order-4711'],
    [' a b ', 'a b'],
    ['"a \\"b\\" \\\\c"', 'a "b" \\c'],
    ['x'.repeat(255), 'x'.repeat(255)],
  ])('reads %j', (header, key) => {
    expect(idempotencyKey({ 'idempotency-key': header })).toBe(key);
  });

  it.each(['', ' ', '""', '"open', '"a"b"', '"\\x"', 'ü', 'a\tb', 'x'.repeat(256)])(
    'rejects %j',
    (header) => {
      expect(() => idempotencyKey({ 'idempotency-key': header })).toThrow(
        expect.objectContaining({
          code: 'invalid-request',
          errors: [expect.objectContaining({ pointer: '/idempotency-key' })],
        }),
      );
    },
  );
});
