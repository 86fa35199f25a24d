import { describe, expect, it } from 'vitest';
import { CallBackoff } from '../../../../workers/intake/calls/call-backoff.ts';

const create = () => {
  let onRetry = () => {};
  const retried = new Promise<void>((resolve) => {
    onRetry = resolve;
  });
  return { backoff: new CallBackoff(() => onRetry()), retried };
};

describe('a failed call', () => {
  it('pauses calls until the retry', async () => {
    const { backoff, retried } = create();
    backoff.failed('take');
    expect(backoff.isPaused).toBe(true);
    await retried;
    expect(backoff.isPaused).toBe(false);
  });

  it('is new once for each kind of call, until a call succeeds', () => {
    const { backoff } = create();
    expect([backoff.failed('take'), backoff.failed('take'), backoff.failed('complete')]).toEqual([
      true,
      false,
      true,
    ]);
    backoff.succeeded();
    expect(backoff.failed('take')).toBe(true);
  });

  it('is not repeated after giveUp, which ends the pause at once', async () => {
    const { backoff, retried } = create();
    backoff.failed('take');
    backoff.giveUp();
    await retried;
    expect([backoff.isPaused, backoff.isGivenUp]).toEqual([false, true]);
    backoff.failed('take');
    expect(backoff.isPaused).toBe(false);
  });
});
