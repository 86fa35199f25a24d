import { describe, expect, it } from 'vitest';
import { Slots } from '../../workers/slots.ts';

const spin = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

describe('slots', () => {
  it('begin all that is short at once', () => {
    const begun: number[] = [];
    new Slots<number>(3, (item) => begun.push(item)).accept([1, 2, 3]);
    expect(begun).toEqual([1, 2, 3]);
  });

  it('let the event loop turn between handlers that block it, and keep the order', async () => {
    const happened: string[] = [];
    const slots = new Slots<number>(4, (item) => {
      happened.push(`begin ${item}`);
      spin(8);
    });
    setImmediate(() => happened.push('turn'));
    slots.accept([1, 2]);
    slots.accept([3]);
    expect([happened, slots.free]).toEqual([['begin 1'], 1]);
    while (happened.length < 4) await new Promise((resolve) => setImmediate(resolve));
    expect(happened).toEqual(['begin 1', 'turn', 'begin 2', 'begin 3']);
  });

  it('are idle when all have ended', async () => {
    const slots = new Slots<number>(2, () => undefined);
    slots.accept([1, 2]);
    let isIdle = false;
    const idle = slots.idle().then(() => {
      isIdle = true;
    });
    slots.end(1);
    await Promise.resolve();
    expect(isIdle).toBe(false);
    slots.end(2);
    await idle;
    expect(slots.free).toBe(2);
  });
});
