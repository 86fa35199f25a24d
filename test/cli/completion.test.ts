import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { runCli } from '../helpers/cli/run-cli.ts';

const scriptOf = async (shell: string): Promise<string> => (await runCli(['completion', shell])).stdout;

const run = (shell: string, args: readonly string[], input: string): string[] =>
  execFileSync(shell, args, { input, encoding: 'utf8' }).split('\n').filter(Boolean);

/** What bash offers after these words. */
const inBash = (script: string, words: readonly string[]): string[] =>
  run(
    'bash',
    ['--norc', '-s'],
    `${script}
COMP_WORDS=(${words.map((word) => `"${word}"`).join(' ')})
COMP_CWORD=${words.length - 1}
_millrace
printf '%s\\n' "\${COMPREPLY[@]}"
`,
  );

describe('completion', () => {
  it('offers commands, their second words, options and choices in bash', async () => {
    const script = await scriptOf('bash');
    expect(inBash(script, ['millrace', 'su'])).toEqual(['submit']);
    expect(inBash(script, ['millrace', 'dead', ''])).toEqual(['list', 'retry', 'purge']);
    expect(inBash(script, ['millrace', 'dead', 'retry', '--cu'])).toEqual(['--cursor']);
    expect(inBash(script, ['millrace', 'stats', 'q', '--wa'])).toEqual(['--watch']);
    expect(inBash(script, ['millrace', 'completion', ''])).toContain('zsh');
  });

  it('is loaded by zsh', async () => {
    const script = await scriptOf('zsh');
    expect(
      run(
        'zsh',
        ['-f', '-s'],
        `autoload -U compinit; compinit -D -u\n${script}\necho \${_comps[millrace]}\n`,
      ),
    ).toEqual(['_millrace']);
  });

  it('offers commands and options in fish', async () => {
    const script = await scriptOf('fish');
    const offers = (line: string) =>
      run('fish', ['--no-config', '-c', `${script}\ncomplete -C '${line}'\n`], '').map(
        (word) => word.split('\t')[0],
      );
    expect(offers('millrace su')).toEqual(['submit']);
    expect(offers('millrace dead ')).toEqual(expect.arrayContaining(['list', 'retry', 'purge']));
    expect(offers('millrace dead retry --cu')).toEqual(['--cursor']);
  });

  it('refuses another shell', async () => {
    expect((await runCli(['completion', 'csh'])).code).toBe(2);
  });
});
