import { describe, expect, it } from 'vitest';
import { ADMIN, type Caller, EVERYONE, keyCaller, tokenCaller } from '../../../src/access/caller.ts';
import { idempotencyKey, ownKey } from '../../../src/http/request/idempotency-key.ts';

const read = (header?: string, caller: Caller = EVERYONE) =>
  idempotencyKey({ headers: header === undefined ? {} : { 'idempotency-key': header }, caller });

describe('idempotencyKey', () => {
  it('is undefined without the header', () => {
    expect(read()).toBeUndefined();
  });

  it.each([
    ['order-4711', 'order-4711'],
    ['"order-4711"', 'order-4711'],
    [' a b ', 'a b'],
    ['"a \\"b\\" \\\\c"', 'a "b" \\c'],
    ['x'.repeat(255), 'x'.repeat(255)],
  ])('reads %j', (header, key) => {
    expect(read(header)).toBe(key);
  });

  it.each(['', ' ', '""', '"open', '"a"b"', '"\\x"', 'ü', 'a\tb', 'x'.repeat(256)])(
    'rejects %j',
    (header) => {
      expect(() => read(header)).toThrow(
        expect.objectContaining({
          code: 'invalid-request',
          errors: [expect.objectContaining({ pointer: '/idempotency-key' })],
        }),
      );
    },
  );
});

describe('the stored key', () => {
  it('differs for callers that share an id', () => {
    const callers = [
      ADMIN,
      tokenCaller('admin', []),
      keyCaller('admin', [], undefined),
      tokenCaller('b', []),
    ];
    const keys = new Set(callers.map((caller) => ownKey(caller, 'k')));
    expect(keys.size).toBe(4);
  });

  it('is the same for all keys and tokens of one caller, whatever their scopes', () => {
    expect(read('k', tokenCaller('ann', ['read']))).toBe(read('k', tokenCaller('ann', ['submit'])));
  });

  it('of a caller is none that a client can send without a key', () => {
    expect(read('k', ADMIN)).toContain('\n');
  });
});
