import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { MAX_DEPTH } from '../../../src/schemas/json/depth.ts';
import { defineTask } from '../../../src/tasks/define.ts';
import type { LoadedTask } from '../../../src/tasks/types.ts';
import { checkResult } from '../../../workers/run/check-result.ts';
import { createManualClock } from '../../helpers/workers/manual-clock.ts';

const clock = createManualClock();
const OUTPUT = defineTask({ output: Type.Object({ n: Type.Integer() }), handler: () => ({ n: 1 }) }).output;
const fault = { pointer: '/n', detail: 'must be integer' };
const task = {
  name: 'count',
  output: OUTPUT,
  validateOutput: (result: { n?: unknown }) => (Number.isInteger(result.n) ? [] : [fault]),
} as unknown as LoadedTask;
const check = (result: string, maxBytes = 100) =>
  checkResult(task, { kind: 'completed', result }, 1, maxBytes, clock);

describe('a result', () => {
  it('that matches the output schema stays', () => {
    expect(check('{"n":1}')).toEqual({ kind: 'completed', result: '{"n":1}' });
  });

  it('that does not match fails the attempt, which can be retried', () => {
    expect(check('{"n":"x"}')).toMatchObject({
      kind: 'failed',
      retryable: true,
      error: { name: 'invalid-output', data: [fault] },
    });
  });

  it('that has more bytes than allowed fails for good, with what to do', () => {
    const umlauts = JSON.stringify('ü'.repeat(50));
    expect(check(umlauts, 101)).toMatchObject({
      kind: 'failed',
      retryable: false,
      error: { name: 'result-too-large', message: expect.stringMatching(/has 102 bytes.*MAX_PAYLOAD_BYTES/) },
    });
  });

  it(`that has more than ${MAX_DEPTH} levels fails for good: many languages could not read it`, () => {
    const nested = (levels: number) => `{"n":1,"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expect(check(nested(MAX_DEPTH), 1_000)).toMatchObject({ kind: 'completed' });
    expect(check(nested(MAX_DEPTH + 1), 1_000)).toMatchObject({
      kind: 'failed',
      retryable: false,
      error: { name: 'result-too-deep' },
    });
  });
});

it('an outcome without a result is not checked', () => {
  expect(checkResult(task, { kind: 'cancelled' }, 1, 0, clock)).toEqual({ kind: 'cancelled' });
});
