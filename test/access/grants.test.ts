import { describe, expect, it } from 'vitest';
import { Grants } from '../../src/access/grants.ts';
import { SCOPES } from '../../src/schemas/keys/scope.ts';

describe('what scopes allow', () => {
  it.each([
    [['read'], 'read', 'any', true],
    [['read'], 'submit', 'any', false],
    [['read:a'], 'read', 'a', true],
    [['read:a'], 'read', 'ab', false],
    [['read:a'], 'read', undefined, false],
    [['read:img-*'], 'read', 'img-1', true],
    [['read:img-*'], 'read', 'img', false],
    [['read:*'], 'read', undefined, true],
    [['admin'], 'work', undefined, true],
    [['admin:a'], 'manage', 'a', true],
    [['admin:a'], 'manage', 'b', false],
    [['admin:a'], 'admin', undefined, false],
    [['read:a', 'read:b*'], 'read', 'bc', true],
    [[], 'read', 'a', false],
    [['openid', 'read2', 'xread', 'read:'], 'read', '', false],
  ] as const)('%j: %s for %s is %s', (scopes, scope, queue, expected) => {
    expect(new Grants(scopes).may(scope, queue)).toBe(expected);
  });

  it('tells whether a scope holds anywhere', () => {
    const grants = new Grants(['read:a', 'submit:b-*', 'work']);
    expect(SCOPES.filter((scope) => grants.mayAny(scope))).toEqual(['submit', 'read', 'work']);
  });
});
