import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { shellWord } from '../../../src/cli/output/shell-word.ts';

it.each(['plain', "it's", 'a b', '$(x) `y` "z"', ''])('makes a word that a shell reads back: %s', (word) => {
  expect(execFileSync('sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' })).toBe(word);
});
