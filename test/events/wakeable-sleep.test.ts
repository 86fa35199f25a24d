import { describe, expect, it } from 'vitest';
import { WakeableSleep } from '../../src/events/wakeable-sleep.ts';

const LONG_MS = 60_000;

describe('WakeableSleep', () => {
  it('ends after its time', async () => {
    await expect(new WakeableSleep().sleep(1)).resolves.toBeUndefined();
  });

  it('ends early when woken', async () => {
    const sleep = new WakeableSleep();
    const slept = sleep.sleep(LONG_MS);
    sleep.wake();
    await slept;
    expect(sleep.ended).toBe(false);
  });

  it('keeps a wake-up that comes before the sleep, until it is rearmed', async () => {
    const sleep = new WakeableSleep();
    sleep.wake();
    await sleep.sleep(LONG_MS);
    sleep.rearm();
    let isOver = false;
    const slept = sleep.sleep(LONG_MS).then(() => {
      isOver = true;
    });
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    sleep.wake();
    await slept;
  });

  it('returns the last result that came with a wake-up', () => {
    const sleep = new WakeableSleep();
    expect(sleep.rearm()).toBeUndefined();
    const result = { record: 'x', expiresAt: 1 };
    sleep.wake(result);
    sleep.wake();
    expect(sleep.rearm()).toBe(result);
  });

  it('does not sleep after its end', async () => {
    const sleep = new WakeableSleep();
    sleep.end();
    sleep.rearm();
    await sleep.sleep(LONG_MS);
    expect(sleep.ended).toBe(true);
  });
});
