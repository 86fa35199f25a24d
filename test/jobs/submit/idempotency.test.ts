import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import {
  describeError,
  findReplay,
  onceFor,
  onceForBulk,
  replayOutcomes,
} from '../../../src/jobs/submit/idempotency.ts';
import { submitTogether } from '../../../src/jobs/submit/scripts/submit.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { createTestCore } from '../../helpers/redis/core.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const keys = queueKeys('mr', 'q');
const onceOf = (request: unknown, key = 'key') => onceFor(keys, key, request, 60_000);

describe('the fingerprint of a request', () => {
  it('is the same for every order of members, at every depth', async () => {
    const one = { task: 'echo', payload: { a: 1, b: [{ c: 2, d: 3 }] } };
    const other = { payload: { b: [{ d: 3, c: 2 }], a: 1 }, task: 'echo' };
    expect((await onceOf(one)).fingerprint).toBe((await onceOf(other)).fingerprint);
  });

  it.each([[[1, 2]], [[2, 1]], [{ a: 1 }], [{ a: '1' }], ['{"a":1}'], [null]])(
    'of %j is its own',
    async (request) => {
      const others = [[1, 2], [2, 1], { a: 1 }, { a: '1' }, '{"a":1}', null].filter(
        (other) => JSON.stringify(other) !== JSON.stringify(request),
      );
      const { fingerprint } = await onceOf(request);
      for (const other of others) expect((await onceOf(other)).fingerprint).not.toBe(fingerprint);
    },
  );
});

it('has for a batch the fingerprint that the whole request has', async () => {
  const core = createTestCore(redis.client);
  const error = new AppError('invalid-payload', 'no');
  const jobs = [{ task: 'echo', payload: 1 }, { task: 'echo' }];
  const candidates = [...jobs.map((job) => ({ ok: true as const, job })), { ok: false as const, error }];
  const items = [...jobs, describeError(error)];
  for (const part of [undefined, { index: 1, isLast: true }]) {
    const batch = await onceForBulk(core, candidates, { atomic: false, key: 'key', part });
    const whole = await onceOf({ atomic: false, items, ...(part && { part }) });
    expect(batch.fingerprint).toBe(whole.fingerprint);
  }
});

describe('a repeated submit', () => {
  it('finds what the first one stored; another request is refused', async () => {
    expect(await findReplay(createTestCore(redis.client), await onceOf('request'))).toBeUndefined();
    const entry = { keys, place: 'normal' as const, task: 'echo', payload: '1', options: {} };
    const stored = await submitTogether(redis.client, [entry], await onceOf('request'));
    const entryId = stored.kind === 'stored' ? stored.entryIds[0] : undefined;
    expect(await findReplay(createTestCore(redis.client), await onceOf('request'))).toMatchObject({
      refs: [{ place: 'normal', entryId }],
    });
    await expect(findReplay(createTestCore(redis.client), await onceOf('other'))).rejects.toMatchObject({
      code: 'idempotency-mismatch',
    });
  });

  it('has the ids of stored jobs and the errors of refused ones, in the order of the request', () => {
    const job = { task: 'echo', queue: 'q' };
    const error = new AppError('invalid-payload', 'no', { errors: [{ pointer: '/payload', detail: 'x' }] });
    const note = JSON.stringify([null, describeError(error), null]);
    const refs = [
      { place: 'normal' as const, entryId: '1-0' },
      { place: 'normal' as const, entryId: '2-0' },
    ];
    const outcomes = replayOutcomes(
      [
        { ok: true, job },
        { ok: true, job },
        { ok: true, job },
      ],
      { refs, kinds: undefined, note },
    );
    expect(outcomes).toEqual([
      { ok: true, id: 'q~n1-0' },
      { ok: false, error: expect.objectContaining({ code: 'invalid-payload', errors: error.errors }) },
      { ok: true, id: 'q~n2-0' },
    ]);
  });
});
