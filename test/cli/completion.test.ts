import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STATUS_NAMES } from '../../src/cli/output/job-text.ts';
import { COMMANDS, loadAll } from '../../src/cli/registry.ts';
import { GROUPS } from '../../src/cli/words.ts';
import { runCli } from '../helpers/cli/run-cli.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const scripts = new Map<Shell, string>();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'completion-'));
  await writeFile(join(folder, 'mails.ndjson'), '{}\n');
  for (const shell of SHELLS) scripts.set(shell, (await runCli(['completion', shell])).stdout);
});

afterAll(() => rm(folder, { recursive: true }));

const run = (shell: string, args: readonly string[], input: string): string[] =>
  execFileSync(shell, args, { input, encoding: 'utf8', cwd: folder }).split('\n').filter(Boolean);

const quoted = (words: readonly string[]): string => words.map((word) => `"${word}"`).join(' ');

/** The words as bash splits them. */
const splitByBash = (words: readonly string[]): string[] =>
  words.flatMap((word) => (word === '' ? [''] : word.split(/([:=])/).filter(Boolean)));

/** What a shell offers for each of the lines, where their last word ends. */
const OFFERS: Readonly<Record<Shell, (lines: readonly string[]) => string[][]>> = {
  bash: (lines) =>
    answers(
      run(
        'bash',
        ['--norc', '-s'],
        lines.reduce((script, line) => {
          const words = splitByBash(line.split(' '));
          return `${script}
COMP_WORDS=(${quoted(words)}); COMP_CWORD=${words.length - 1}; _millrace
printf '%s\\n' "\${COMPREPLY[@]}" ---`;
        }, scripts.get('bash') ?? ''),
      ),
    ),
  zsh: (lines) =>
    answers(
      run(
        'zsh',
        ['-f', '-s'],
        lines.reduce(
          (script, line) => {
            const words = line.split(' ');
            return `${script}
words=(${quoted(words)}); CURRENT=${words.length}; PREFIX="\${words[-1]}"; _millrace; print -- ---`;
          },
          `autoload -U compinit; compinit -D -u\n${scripts.get('zsh')}\n${ZSH_STUBS}`,
        ),
      ),
    ),
  fish: (lines) =>
    answers(
      run(
        'fish',
        [
          '--no-config',
          '-c',
          [scripts.get('fish'), ...lines.map((line) => `complete -C '${line}'; echo ---`)].join('\n'),
        ],
        '',
      ).map((word) => word.split('\t')[0]?.replace(/^--[a-z-]+=/, '') ?? ''),
    ),
};

/** Outside of a line that is edited, zsh completes nothing: these print what it would. */
const ZSH_STUBS = `compset() { PREFIX="\${PREFIX#*=}" }
compadd() { shift; local one found=1; for one; do if [[ "$one" = "$PREFIX"* ]]; then print -- "$one"; found=0; fi; done; return $found }
_files() { print -l -- "$PREFIX"*(N) }
`;

function answers(lines: readonly string[]): string[][] {
  const all: string[][] = [[]];
  for (const line of lines) {
    if (line === '---') all.push([]);
    else all.at(-1)?.push(line);
  }
  return all.slice(0, -1).map((words) => words.sort());
}

const PRIORITIES = ['critical', 'high', 'low', 'normal'];

describe.each(SHELLS)('completion in %s', (shell) => {
  const expectOffers = (cases: Readonly<Record<string, readonly string[]>>) => {
    const lines = Object.keys(cases);
    const offers = OFFERS[shell](lines);
    expect(Object.fromEntries(lines.map((line, i) => [line, offers[i]]))).toEqual(cases);
  };

  it('offers commands, their second words, options and choices', () => {
    expectOffers({
      'millrace su': ['submit'],
      'millrace dead ': ['list', 'purge', 'retry'],
      'millrace dead retry --cu': ['--cursor'],
      'millrace stats q --wa': ['--watch'],
      'millrace completion z': ['zsh'],
    });
  });

  it('offers the values of options, and no flags in their place', () => {
    expectOffers({
      'millrace submit --priority ': PRIORITIES,
      'millrace submit -p ': PRIORITIES,
      'millrace submit --priority=': PRIORITIES,
      'millrace submit --priority=hi': ['high'],
      'millrace jobs --status ': [...STATUS_NAMES].sort(),
      'millrace jobs --queue ': [],
      'millrace submit greet --ndjson ': ['mails.ndjson'],
      'millrace stats q --key-file ma': ['mails.ndjson'],
      'millrace submit --priority high --prio': ['--priority'],
    });
  });

  it('goes past options before the command', () => {
    expectOffers({
      'millrace --url X que': ['queues'],
      'millrace --url http://127.0.0.1:3000 que': ['queues'],
      'millrace --url=http://127.0.0.1:3000 que': ['queues'],
      'millrace --json --key-file mails.ndjson dead re': ['retry'],
      'millrace --url X jobs --status fail': ['failed'],
      'millrace --key-file ma': ['mails.ndjson'],
      'millrace --url ': [],
      'millrace submit greet --url http://127.0.0.1:3000 --prio': ['--priority'],
    });
  });
});

describe('the completion', () => {
  it('knows every value that a command lets users choose', async () => {
    const script = scripts.get('fish') ?? '';
    for (const { name, options } of await loadAll()) {
      for (const option of Object.values(options)) {
        const choices = option.kind === 'text' || option.kind === 'list' ? option.choices : undefined;
        if (choices !== undefined) expect(script, name).toContain(` -x -a '${choices.join(' ')}'`);
      }
    }
  });

  it('names groups as the help does', () => {
    const groups = COMMANDS.flatMap(({ name }) => (name.includes(' ') ? [name.split(' ')[0]] : []));
    expect([...new Set(groups)].sort()).toEqual(Object.keys(GROUPS).sort());
  });

  it('is loaded by zsh for the program', () => {
    const script = `autoload -U compinit; compinit -D -u\n${scripts.get('zsh')}\necho \${_comps[millrace]}\n`;
    expect(run('zsh', ['-f', '-s'], script)).toEqual(['_millrace']);
  });

  it('refuses another shell', async () => {
    expect((await runCli(['completion', 'csh'])).code).toBe(2);
  });
});
