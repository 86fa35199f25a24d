import { describe, expect, it } from 'vitest';
import { toAckList } from '../../src/subscriptions/ack.ts';

describe('toAckList', () => {
  it('acknowledges all entries before upTo, and the events of its entry up to it', () => {
    expect(toAckList({ upTo: '5-0-3' })).toEqual({
      before: '5-0',
      events: new Map([['5-0', new Set([1, 2, 3])]]),
    });
  });

  it('acknowledges the whole entry of an id without a number', () => {
    expect(toAckList({ upTo: '5-0' })).toEqual({ before: '5-0', events: new Map([['5-0', undefined]]) });
    expect(toAckList({ ids: ['5-0-1', '5-0', '5-0-2'] }).events).toEqual(new Map([['5-0', undefined]]));
  });

  it('acknowledges nothing before the start', () => {
    expect(toAckList({ upTo: '0-0' })).toEqual({ before: undefined, events: new Map() });
  });

  it('collects the numbers of single ids by entry', () => {
    expect(toAckList({ ids: ['5-0-2', '6-1-1', '5-0-4'] })).toEqual({
      before: undefined,
      events: new Map([
        ['5-0', new Set([2, 4])],
        ['6-1', new Set([1])],
      ]),
    });
  });

  it.each([
    [{ upTo: 'x' }, '/upTo'],
    [{ upTo: '5-0-100001' }, '/upTo'],
    [{ ids: ['5-0-1', '5-0-1~q'] }, '/ids/1'],
  ])('rejects %j', (acked, pointer) => {
    expect(() => toAckList(acked)).toThrow(
      expect.objectContaining({ code: 'invalid-request', errors: [expect.objectContaining({ pointer })] }),
    );
  });
});
