import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { placeOf } from '../src/error-place.ts';
import { pathInProject } from './helpers/local/pages.ts';

const OWN = pathToFileURL(pathInProject('workers/run/call-handler.ts')).href;

it.each([
  ['a module', 'file:///app/tasks/a.mjs:4:11', '/app/tasks/a.mjs:4:11'],
  ['an async function', 'async Object.handler (file:///app/tasks/a%20b.mts:4:11)', '/app/tasks/a b.mts:4:11'],
  ['a CommonJS file', 'load (/app/tasks/50%.js:4:11)', '/app/tasks/50%.js:4:11'],
])('is the first line of the stack in %s of a user', (_, frame, place) => {
  const others = ['node:internal/fs:1:2', 'f (/app/node_modules/sharp/index.js:1:2)', `call (${OWN}:1:2)`];
  const stack = ['Error: at /x', ...[...others, frame, '/app/later.js:9:9'].map((one) => `    at ${one}`)];
  expect(placeOf(stack.join('\n'))).toBe(place);
});

it('is undefined where no line is of a user', () => {
  expect(placeOf(undefined)).toBeUndefined();
  expect(placeOf(`Error: no\n    at call (${OWN}:1:2)\n    at node:internal/timers:1:2`)).toBeUndefined();
  expect(placeOf('Traceback (most recent call last):\n  File "a.py", line 3')).toBeUndefined();
});

it('finds the line of an error that was thrown here, unless that is code of Millrace', () => {
  expect(placeOf(new Error('here').stack)).toMatch(/\/test\/error-place\.test\.ts:\d+:\d+$/);
});
