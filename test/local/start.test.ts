import { expect, it } from 'vitest';
import { welcome } from '../../src/local/start.ts';
import { readInProject } from '../helpers/local/pages.ts';

const commandIn = (text: string) => /^ *(curl .*)$/m.exec(text)?.[1];

it('shows the first job of the README', () => {
  expect(commandIn(welcome('http://127.0.0.1:3000', {}))).toBe(commandIn(readInProject('README.md')));
});

it('sends the key where the API asks for one', () => {
  expect(commandIn(welcome('https://127.0.0.1:3001', { AUTH: 'keys' }))).toBe(
    `curl -s --json '{"task":"fib","payload":{"n":100}}' -H "Authorization: Bearer $MILLRACE_KEY" 'https://127.0.0.1:3001/jobs?wait=30'`,
  );
});
