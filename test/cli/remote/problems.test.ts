import { expect, it } from 'vitest';
import { refusal, unreachable } from '../../../src/cli/remote/problems.ts';
import { MillraceError } from '../../../src/client/errors.ts';

const problemOf = (status: number, code: string) => ({
  type: 't',
  title: 't',
  status,
  code,
  detail: 'Do this.',
  instance: '/',
  requestId: 'r',
  errors: [{ pointer: '/a', detail: 'is b' }],
});

it('says what is wrong and what to do, with the code', () => {
  const problem = problemOf(403, 'forbidden');
  const { exitCode, message } = refusal(new MillraceError('x', { code: 'forbidden', status: 403, problem }));
  expect(exitCode).toBe(4);
  expect(message).toMatch(/^Do this. \[forbidden]\n.*millrace keys create.*\n {2}\/a: is b$/);
});

it.each([
  [503, 'redis-unavailable', 3],
  [429, 'queue-full', 4],
  [404, 'job-not-found', 4],
])('ends a %i %s with %i', (status, code, exitCode) => {
  const problem = problemOf(status, code);
  expect(refusal(new MillraceError('x', { code, status, problem })).exitCode).toBe(exitCode);
});

it.each(['no-problem', 'not-json', 'not-millrace', 'redirected'])(
  'says for %s that another program answers',
  (code) => {
    const error = refusal(new MillraceError('The answer is not ours.', { code }));
    expect(error.exitCode).toBe(3);
    expect(error.message).toContain('--url or MILLRACE_URL');
  },
);

it('names the innermost reason of a lost connection', () => {
  const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  const error = new Error('outer', { cause: new TypeError('fetch failed', { cause }) });
  expect(unreachable('http://x', error)).toMatchObject({ exitCode: 3 });
  expect(unreachable('http://x', error).message).toContain('http://x (ECONNREFUSED)');
});

it('takes what the client refuses to send as wrong usage', () => {
  expect(refusal(new MillraceError('It is empty.', { code: 'invalid-argument' }))).toMatchObject({
    exitCode: 2,
    message: 'It is empty.',
  });
});
