import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ClientWaits } from '../../../src/http/network/client-waits.ts';

const answer = (closed = false) => Object.assign(new EventEmitter(), { closed });

describe('ClientWaits', () => {
  it('refuses what is beyond the limit of a client, and takes more when one has ended', () => {
    const waits = new ClientWaits(2);
    const first = answer();
    waits.enter('a', first);
    waits.enter('a', answer());
    expect(() => waits.enter('a', answer())).toThrow(expect.objectContaining({ code: 'too-many-waits' }));
    expect([waits.tryEnter('a', answer()), waits.tryEnter('b', answer())]).toEqual([false, true]);
    first.emit('close');
    expect(waits.tryEnter('a', answer())).toBe(true);
  });

  it('keeps nothing of clients that have gone', () => {
    const waits = new ClientWaits(2);
    const open = answer();
    waits.enter('a', open);
    waits.enter('b', answer(true));
    expect(waits.size).toBe(1);
    open.emit('close');
    expect(waits.size).toBe(0);
  });

  it('has no limit with 0', () => {
    const waits = new ClientWaits(0);
    for (let count = 0; count < 10; count += 1) waits.enter('a', answer());
    expect(waits.size).toBe(0);
  });
});
