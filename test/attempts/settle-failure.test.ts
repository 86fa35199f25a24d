import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/attempts/outcome.ts';
import {
  decide,
  nextStep,
  type OutcomeWithoutResult,
  settleWithoutResult,
} from '../../src/attempts/settle-failure.ts';
import { Consumer } from '../../src/lifecycle/consumer.ts';
import { ensureGroups } from '../../src/lifecycle/scripts/ensure-groups.ts';
import { extendLease } from '../../src/lifecycle/scripts/extend-lease.ts';
import { decodeEntry } from '../../src/redis/entry.ts';
import type { EntryOptions } from '../../src/redis/entry-options.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { recordEvents } from '../helpers/telemetry/recorder.ts';
import { submitPlain, take } from '../helpers/workers/moves.ts';

const failed = (more: Partial<Outcome & { kind: 'failed' }> = {}): OutcomeWithoutResult => ({
  kind: 'failed',
  error: { message: 'no', attempt: 1, at: 0 },
  retryable: true,
  retryInMs: undefined,
  ...more,
});
const FIXED: EntryOptions = { a: 2, b: { type: 'fixed', delay: 700, jitter: 0 } };
const held = (attempt: number, options: EntryOptions = FIXED) => ({
  entry: { task: 'echo', payload: '1', options },
  ref: { place: 'normal' as const, entryId: '1-0' },
  token: attempt,
  attempt,
});
const error = JSON.stringify({ message: 'no', attempt: 1, at: 0 });

describe('the decision after a failed attempt', () => {
  const failed = { attempt: 1, maxAttempts: 3, backoff: undefined, retryable: true, retryInMs: undefined };

  it('is a retry until the attempts are spent', () => {
    expect(decide(failed, 0.5)).toEqual({ kind: 'retry', delayMs: 1_000 });
    expect(decide({ ...failed, attempt: 3 }, 0.5)).toEqual({ kind: 'bury' });
  });

  it('follows what the handler asks for', () => {
    expect(decide({ ...failed, retryable: false }, 0.5)).toEqual({ kind: 'bury' });
    expect(decide({ ...failed, retryInMs: 7 }, 0.5)).toEqual({ kind: 'retry', delayMs: 7 });
    expect(decide({ ...failed, attempt: 3, retryInMs: 7 }, 0.5)).toEqual({ kind: 'bury' });
  });
});

describe('the next step of a job', () => {
  it('after a failure is a retry by the job own backoff, until its attempts are spent', () => {
    expect(nextStep(held(1), failed(), undefined)).toEqual({ kind: 'retry', delayMs: 700, error });
    expect(nextStep(held(2), failed(), undefined)).toEqual({ kind: 'bury', error });
  });

  it('uses the defaults of the task where the job sets nothing', () => {
    const task = { attempts: 1 } as Parameters<typeof nextStep>[2];
    expect(nextStep(held(1, {}), failed(), task)).toMatchObject({ kind: 'bury' });
  });

  it('obeys the handler', () => {
    expect(nextStep(held(1), failed({ retryable: false }), undefined)).toMatchObject({ kind: 'bury' });
    expect(nextStep(held(1), failed({ retryInMs: 5 }), undefined)).toMatchObject({ delayMs: 5 });
  });

  it.each([
    [
      { kind: 'released', delayMs: 9 },
      { kind: 'release', delayMs: 9 },
    ],
    [{ kind: 'lost' }, { kind: 'release', delayMs: 0 }],
    [{ kind: 'exhausted' }, { kind: 'bury', error: '' }],
  ] as const)('after %j is %j', (outcome, step) => {
    expect(nextStep(held(1), outcome, undefined)).toEqual(step);
  });
});

describe('settling without a result', () => {
  const redis = useRedis();

  it.each([
    ['failed', failed(), 'retrying', 700, [1, 0]],
    ['failed for good', failed({ retryable: false }), 'failed', undefined, [0, 1]],
    ['released', { kind: 'released', delayMs: 60_000 } as const, 'retrying', undefined, [1, 0]],
    ['released at once', { kind: 'released', delayMs: 0 } as const, 'queued', undefined, [1, 0]],
    ['failed, to be tried at once', failed({ retryInMs: 0 }), 'queued', 0, [1, 0]],
  ])(
    'moves a %s job once, and finds it stale when it is repeated with another token',
    async (name, outcome, next, retryInMs, [parked, dead]) => {
      const keys = queueKeys('mr', name.replaceAll(' ', '-'));
      await ensureGroups(redis.client, keys);
      await extendLease(redis.client, keys, 'new', ['one'], 60_000);
      const consumer = new Consumer('one', redis.client);
      await submitPlain(redis.client, { keys, place: 'normal', task: 'echo', payload: '1', options: FIXED });
      const taken = await take(consumer, keys, { count: 1 });
      if (taken.kind !== 'taken' || taken.deliveries[0] === undefined) throw new Error('a job was there');
      const [delivery] = taken.deliveries;
      const job = { ...delivery, ref: delivery, entry: decodeEntry(delivery.fields), runMs: 5 };
      const { observe, ofKind } = recordEvents('attempt-ended');
      const core = createTestCore(redis.client, {}, observe);
      expect(await settleWithoutResult(core, consumer, keys, job, outcome, undefined)).toEqual({
        settled: 'done',
        next,
        retryInMs,
      });
      const stale = await settleWithoutResult(core, consumer, keys, { ...job, token: 7 }, outcome, undefined);
      expect(stale.settled).toBe('stale');
      expect(ofKind('attempt-ended').map(({ status }) => status)).toEqual([next, 'stale']);
      const deadLetters = await redis.client.zcard(keys.dead.normal);
      const due = await redis.client.zcard(keys.due.normal);
      expect([due, deadLetters]).toEqual([parked, dead]);
    },
  );
});
