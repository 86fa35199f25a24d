import { expect, it } from 'vitest';
import { JOB_OPTIONS, jobJson, jobMembers } from '../../../../src/cli/commands/jobs/job-options.ts';
import { parseArguments, type ValuesOf } from '../../../../src/cli/parse.ts';

const membersOf = (...words: string[]) => {
  const command = { name: 'submit', summary: '', arguments: [], options: JOB_OPTIONS, examples: [] };
  return jobMembers(parseArguments(command, words).values as ValuesOf<typeof JOB_OPTIONS>);
};

it('gives only what was said, with numbers as numbers', () => {
  expect(membersOf()).toEqual({});
  expect(membersOf('--delay', '5m', '--attempts', '3', '-t', 'a', '-t', 'b', '--unique')).toEqual({
    delay: '5m',
    attempts: 3,
    tags: ['a', 'b'],
    unique: true,
  });
  expect(membersOf('--delay', '500')).toEqual({ delay: 500 });
});

it('lets --option set any other member', () => {
  expect(membersOf('-q', 'img', '-o', 'debounce.wait=5s', '-o', 'metadata.by=me')).toEqual({
    queue: 'img',
    debounce: { wait: '5s' },
    metadata: { by: 'me' },
  });
});

it('passes the text of a payload on as it is', () => {
  expect(jobJson('t', { queue: 'q' }, '{"n": 1.0}')).toBe('{"task":"t","queue":"q","payload":{"n": 1.0}}');
  expect(jobJson('t', {}, undefined)).toBe('{"task":"t"}');
});
