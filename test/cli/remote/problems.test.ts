import { expect, it } from 'vitest';
import { problemError } from '../../../src/cli/remote/problems.ts';

it('says what is wrong and what to do, with the code', () => {
  const problem = {
    code: 'forbidden',
    detail: 'The key lacks read.',
    errors: [{ pointer: '/a', detail: 'is b' }],
  };
  const error = problemError({ status: 403 }, JSON.stringify(problem));
  expect(error.exitCode).toBe(4);
  expect(error.message).toMatch(
    /^The key lacks read\. \[forbidden]\n.*millrace keys create.*\n {2}\/a: is b$/,
  );
});

it.each([
  [404, '<html>', 4],
  [502, '', 3],
  [503, '{"code":"redis-unavailable","detail":"Later."}', 3],
  [429, '{"code":"queue-full","detail":"Full."}', 4],
])('ends a %i with %s as it should', (status, text, exitCode) => {
  expect(problemError({ status }, text).exitCode).toBe(exitCode);
});
