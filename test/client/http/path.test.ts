import { expect, it } from 'vitest';
import { checkPath, pathOf } from '../../../src/client/http/path.ts';

it('encodes the names of a path', () => {
  expect(pathOf`/queues/${'a/b?'}/tasks/${'ü..'}`).toBe('/queues/a%2Fb%3F/tasks/%C3%BC..');
});

it.each(['', '.', '..', '%2e', '.%2E', '\ud800', undefined, null, 7])('refuses the name %j', (name) => {
  expect(() => pathOf`/jobs/${name as string}`).toThrow(/A name or an id is .*It must be text/);
});

it.each(['/', '/jobs/default~n1-0?from=../x', '/jobs/a..b', '/queues/%2E%2E%2F'])(
  'takes the path %j',
  (path) => {
    expect(() => checkPath(path)).not.toThrow();
  },
);

it.each([
  '',
  'jobs',
  '.elsewhere.test/',
  '/jobs/../keys',
  '/jobs/%2e%2E',
  '/jobs/./a?b',
  '/queues/a b',
  '/jobs\\..',
  '/jobs#x',
])('refuses the path %j', (path) => {
  expect(() => checkPath(path)).toThrow(`The path is ${JSON.stringify(path)}`);
});
