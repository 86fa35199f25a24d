import { expect, it } from 'vitest';
import { viewJob } from '../../src/jobs/view.ts';
import { JsonText } from '../../src/schemas/json/json-text.ts';

it.each([
  ['its submit', {}, 1_000],
  ['its delay was over', { d: 500 }, 1_500],
  ['its start time', { at: 1_700 }, 1_700],
])('a job is never shown to have started before %s', (_, own, first) => {
  const ref = { place: 'parked' as const, entryId: '1000-0' };
  const fields = ['t', 'task', 'p', '1', 'o', JSON.stringify(own)];
  const unknown = { errors: undefined, progress: undefined, checkpoint: undefined, worker: undefined };
  const notes = {
    attempts: 0,
    startedAt: undefined,
    hasStarted: false,
    cancelAskedAt: undefined,
    ...unknown,
  };
  const shownAt = (startedAt: number) => {
    const found = { place: 'running' as const, now: 2_000, fields, notes, startedAt };
    return viewJob('q', ref, found, () => undefined).startedAt;
  };
  expect(shownAt(first - 1)).toBe(new Date(first).toISOString());
  expect(shownAt(first + 1)).toBe(new Date(first + 1).toISOString());
});

it('a failed job shows its last error beside all of them', () => {
  const ref = { place: 'normal' as const, entryId: '1000-0' };
  const errors = '{"message":"one","attempt":1,"at":5}\n{"message":"two","attempt":2}';
  const notes = {
    attempts: 2,
    errors,
    progress: undefined,
    checkpoint: undefined,
    cancelAskedAt: undefined,
    worker: 'w',
    startedAt: 2_000,
    hasStarted: true,
  };
  const fields = ['t', 'echo', 'p', '{"a":1}', 'o', ''];
  const found = { place: 'failed' as const, now: 9_000, fields, notes, at: 3_000 };
  expect(viewJob('q', ref, found, () => ({ attempts: 2 }))).toMatchObject({
    status: 'failed',
    task: 'echo',
    payload: JsonText.of({ a: 1 }),
    attempt: 2,
    maxAttempts: 2,
    error: { message: 'two', attempt: 2 },
    errors: [{ message: 'one', at: new Date(5).toISOString() }, { message: 'two' }],
    finishedAt: new Date(3_000).toISOString(),
    worker: 'w',
  });
});

it('an entry that no submit wrote is shown without task and payload', () => {
  const notes = {
    attempts: 0,
    errors: undefined,
    progress: undefined,
    checkpoint: undefined,
    cancelAskedAt: undefined,
    worker: undefined,
    startedAt: undefined,
    hasStarted: false,
  };
  const found = { place: 'queued' as const, now: 1, fields: ['foreign', 'entry'], notes };
  const job = viewJob('q', { place: 'normal', entryId: '1-0' }, found, () => undefined);
  expect(job).toMatchObject({ status: 'queued', attempt: 0 });
  expect(job).not.toHaveProperty('task');
  expect(job).not.toHaveProperty('payload');
});
