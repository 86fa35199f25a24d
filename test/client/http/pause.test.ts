import { describe, expect, it } from 'vitest';
import { pause, pauseMs } from '../../../src/client/http/pause.ts';

describe('pauseMs', () => {
  it('doubles from 200 ms up to 5 s, half of it at random', () => {
    for (const [tries, most] of [
      [1, 200],
      [2, 400],
      [3, 800],
      [6, 5_000],
      [50, 5_000],
    ] as const) {
      const ms = pauseMs(tries);
      expect(ms).toBeGreaterThanOrEqual(most / 2);
      expect(ms).toBeLessThanOrEqual(most);
    }
  });

  it('is never shorter than Retry-After', () => {
    expect(pauseMs(1, 3)).toBeGreaterThanOrEqual(3_000);
  });
});

describe('pause', () => {
  it('ends with the reason of a signal that fires, or has fired', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(pause(60_000, signal)).rejects.toThrow('enough');
    const controller = new AbortController();
    const paused = pause(60_000, controller.signal);
    controller.abort(new Error('now'));
    await expect(paused).rejects.toThrow('now');
  });
});
