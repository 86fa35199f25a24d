import { expect, it } from 'vitest';
import type { Description } from '../../src/cli/description.ts';
import { parseArguments, wordsOf } from '../../src/cli/parse.ts';

const COMMAND: Description = {
  name: 'do',
  summary: 'Do it',
  arguments: [
    { name: 'WHAT', meaning: 'what to do', choices: ['this', 'that'] },
    { name: 'ID', meaning: 'ids', many: true, optional: true },
  ],
  options: {
    dryRun: { kind: 'flag', meaning: 'does nothing' },
    tag: { kind: 'list', short: 't', value: 'TAG', meaning: 'a tag' },
    limit: { kind: 'integer', value: 'N', min: 1, max: 9, meaning: 'how many' },
    name: { kind: 'text', value: 'NAME', meaning: 'a name' },
  },
  examples: [],
};

it('reads arguments and options', () => {
  const words = ['this', 'a', '--dry-run', '-t', 'x', '--tag=y', '--limit', '3', '--', '-b'];
  expect(parseArguments(COMMAND, words)).toEqual({
    args: ['this', 'a', '-b'],
    values: { dryRun: true, tag: ['x', 'y'], limit: 3, name: undefined },
  });
});

it('has false and an empty list for what is not given', () => {
  expect(parseArguments(COMMAND, ['that']).values).toMatchObject({ dryRun: false, tag: [] });
});

it.each([
  [[], 'WHAT is missing: what to do.'],
  [['other'], 'WHAT is "other": must be one of this, that.'],
  [['this', '--limit', '10'], '--limit is "10": must be an integer from 1 to 9.'],
  [['this', '--limit', '0x1'], '--limit is "0x1"'],
  [['this', '--id', 'a'], 'There is no option --id. Write ID without an option: millrace do ID.'],
  [['-w', 'this'], 'There is no option -w. Write WHAT without an option: millrace do WHAT.'],
  [['this', '-y'], 'There is no option -y. Put -- before a word that begins with a dash.'],
  [['this', '--tags'], 'There is no option --tags. Did you mean --tag?'],
  [['this', '--name'], "Option '--name <value>' argument missing"],
])('refuses %j', (words, message) => {
  expect(() => parseArguments(COMMAND, words)).toThrow(message);
  expect(() => parseArguments(COMMAND, words)).toThrow('See: millrace do --help');
});

it('writes values as the words that give them', () => {
  const options = {
    dryRun: { kind: 'flag', meaning: '' },
    all: { kind: 'flag', meaning: '' },
    tag: { kind: 'list', value: 'TAG', meaning: '' },
    limit: { kind: 'integer', value: 'N', min: 0, max: 9, meaning: '' },
    error: { kind: 'text', value: 'TEXT', meaning: '' },
  } as const;
  const values = { dryRun: true, all: false, tag: ['a b', 'c'], limit: 0, error: undefined };
  expect(wordsOf(options, values)).toEqual(['--dry-run', '--tag', 'a b', '--tag', 'c', '--limit', '0']);
});
