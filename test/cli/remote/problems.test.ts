import { expect, it } from 'vitest';
import { problemText, refusal, unreachable } from '../../../src/cli/remote/problems.ts';
import { MillraceError } from '../../../src/client/errors.ts';
import { CODE_FILES, readCode } from '../../helpers/code-files.ts';

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

it('speaks of no member of an answer that a command does not show', () => {
  const files = CODE_FILES.filter((file) => /^src\/(?!schemas|http\/problems|cli)/.test(file));
  const details = files.flatMap(
    (file) => readCode(file).match(/[^'`"\n]*listed in \\?`errors\\?`[^'`"\n]*/g) ?? [],
  );
  expect(details.length).toBeGreaterThan(2);
  for (const detail of details) {
    const text = problemText({
      code: 'invalid-request',
      detail: detail.replaceAll('\\', '').replace(/\$\{\w+\}/, 'parts'),
    });
    expect(text).not.toMatch(/`errors`|request again/);
  }
});
