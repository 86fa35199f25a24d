import { describe, expect, it } from 'vitest';
import type { TaskContext } from '../../../src/tasks/types.ts';
import { AttemptTrace } from '../../../workers/run/attempt-trace.ts';
import { callHandler } from '../../../workers/run/call-handler.ts';
import { createManualClock } from '../../helpers/workers/manual-clock.ts';

const ctx = { job: { attempt: 3 } } as TaskContext;
const clock = createManualClock();
const trace = new AttemptTrace(ctx.job, { fail: () => undefined });
const failure = (message: string) => ({
  kind: 'failed',
  error: { message, attempt: 3, at: clock.wall() },
  retryable: true,
});

describe('a handler', () => {
  it('that returns a value has its outcome at once', () => {
    expect(callHandler((n) => n, 1, ctx, clock, trace)).toEqual({ kind: 'completed', result: '1' });
  });

  it('that returns a promise has its outcome later', async () => {
    const outcome = callHandler(async (n) => n, 1, ctx, clock, trace);
    expect(outcome).toBeInstanceOf(Promise);
    expect(await outcome).toEqual({ kind: 'completed', result: '1' });
  });

  it('that throws or rejects fails', async () => {
    const throws = () => {
      throw 'no';
    };
    expect(callHandler(throws, 1, ctx, clock, trace)).toMatchObject(failure('no'));
    expect(await callHandler(async () => throws(), 1, ctx, clock, trace)).toMatchObject(failure('no'));
  });

  it('that returns no JSON fails, at once or later', async () => {
    const expected = { kind: 'failed', retryable: false, error: { name: 'unusable-result' } };
    expect(callHandler(() => () => 1, 1, ctx, clock, trace)).toMatchObject(expected);
    expect(await callHandler(async () => 1n, 1, ctx, clock, trace)).toMatchObject(expected);
  });
});
