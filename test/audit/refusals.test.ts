import { describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../src/audit/record.ts';
import { MAX_ADDRESSES, MAX_SINGLE, Refusals } from '../../src/audit/refusals.ts';

const call = (address: string, target = ''): AuditRecord => ({
  key: '',
  address,
  method: 'GET',
  route: '/jobs',
  target,
  status: 401,
});

describe('refused calls', () => {
  it('are kept one by one while they are few', () => {
    const refusals = new Refusals();
    for (let i = 0; i < MAX_SINGLE; i += 1) expect(refusals.add(call('a', `${i}`))?.target).toBe(`${i}`);
    expect(refusals.end()).toEqual([]);
  });

  it('are counted for each address once they are many', () => {
    const refusals = new Refusals();
    for (let i = 0; i < MAX_SINGLE; i += 1) refusals.add(call('a'));
    for (let i = 0; i < 1_000; i += 1) expect(refusals.add(call('a', `${i}`))).toBeUndefined();
    refusals.add(call('b'));
    expect(refusals.end()).toEqual([{ ...call('a', '999'), more: 999 }, call('b')]);
    expect(refusals.add(call('a'))).toEqual(call('a'));
    expect(refusals.end()).toEqual([]);
  });

  it('of too many addresses are counted together', () => {
    const refusals = new Refusals();
    for (let i = 0; i < MAX_SINGLE; i += 1) refusals.add(call('first'));
    for (let i = 0; i < 10_000; i += 1) refusals.add(call(`a${i}`));
    const records = refusals.end();
    expect(records).toHaveLength(MAX_ADDRESSES + 1);
    expect(records.at(-1)).toMatchObject({ address: '', more: 10_000 - MAX_ADDRESSES - 1 });
  });
});
