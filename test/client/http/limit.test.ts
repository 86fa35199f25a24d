import { expect, it } from 'vitest';
import { Limit } from '../../../src/client/http/limit.ts';

const fired = (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener('abort', resolve));

it('fires after its time, and says so', async () => {
  const limit = new Limit(5);
  await fired(limit.signal);
  expect(limit.isOver).toBe(true);
});

it('fires with the signal around it, for its reason', () => {
  const outer = new AbortController();
  const limit = new Limit(60_000, outer.signal);
  outer.abort('enough');
  expect(limit.signal.reason).toBe('enough');
  expect(limit.isOver).toBe(false);
  limit.end();
});

it('no longer follows the signal after its end', () => {
  const outer = new AbortController();
  const limit = new Limit(60_000, outer.signal);
  limit.end();
  outer.abort();
  expect(limit.signal.aborted).toBe(false);
});
