import { describe, expect, it } from 'vitest';
import { errorOf, retryAfterOf } from '../../../src/client/http/answers.ts';

describe('errorOf', () => {
  it('names each fault of the request in its message', () => {
    const problem = {
      code: 'invalid-request',
      detail: 'Fix the fields listed in errors.',
      errors: [{ pointer: '/task', detail: 'is required' }],
    };
    const error = errorOf(400, JSON.stringify(problem));
    expect(error.message).toBe('Fix the fields listed in errors.\n  /task: is required');
    expect(error).toMatchObject({ status: 400, code: 'invalid-request', detail: problem.detail });
  });

  it('quotes the beginning of an answer that is not ours', () => {
    const error = errorOf(502, `<html>${'x'.repeat(1_000)}`, 2);
    expect(error).toMatchObject({ status: 502, code: 'no-problem', retryAfter: 2 });
    expect(error.message.length).toBeLessThan(400);
  });
});

it.each([
  ['3', 3],
  ['', undefined],
  ['soon', undefined],
  ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
])('retryAfterOf(%j) is %j', (text, seconds) => {
  expect(retryAfterOf(new Headers({ 'retry-after': text }))).toBe(seconds);
});
