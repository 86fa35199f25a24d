import type { Command } from './command.ts';
import { type Argument, type Description, flagOf, type Option } from './description.ts';
import type { Paint } from './output/paint.ts';
import { COMMANDS } from './registry.ts';
import { GROUPS } from './words.ts';

/** Of a common terminal. */
const WIDTH = 80;

/** `millrace --help`. */
export async function overview(paint: Paint): Promise<string> {
  const single = COMMANDS.filter(({ name }) => !name.includes(' '));
  const commands = await Promise.all(single.map(({ load }) => load()));
  const rows = [
    ...commands.map((command): [string, string] => [usageOf(command), command.summary]),
    ...Object.entries(GROUPS).map(([name, summary]): [string, string] => [`${name} ...`, summary]),
  ];
  return [
    `${paint('bold', 'Usage:')} millrace COMMAND [ARGUMENTS] [OPTIONS]`,
    '',
    ...table(rows),
    '',
    ...wrap(
      'millrace COMMAND --help explains a command. MILLRACE_URL or --url says where the API is (by default http://127.0.0.1:3000), MILLRACE_KEY or --key-file what key it wants. --json prints JSON.',
      WIDTH,
    ),
  ].join('\n');
}

/** `millrace dead --help`. */
export async function groupHelp(group: string, paint: Paint): Promise<string> {
  const entries = COMMANDS.filter(({ name }) => name.startsWith(`${group} `));
  const commands = await Promise.all(entries.map(({ load }) => load()));
  return [
    `${paint('bold', 'Usage:')} millrace ${group} COMMAND [ARGUMENTS] [OPTIONS]`,
    '',
    `${GROUPS[group]}.`,
    '',
    ...table(commands.map((command): [string, string] => [usageOf(command), command.summary])),
    '',
    `millrace ${group} COMMAND --help explains a command.`,
  ].join('\n');
}

/** `millrace COMMAND --help`. */
export function commandHelp(command: Command, paint: Paint): string {
  const { summary, notes = [], options, examples } = command;
  const args = command.arguments.map(({ name, meaning }): [string, string] => [name, meaning]);
  const flags = Object.entries(options).map(([name, option]): [string, string] => [
    optionWords(name, option),
    option.meaning,
  ]);
  const hasOptions = flags.length > 0;
  return [
    `${paint('bold', 'Usage:')} millrace ${usageOf(command)}${hasOptions ? ' [OPTIONS]' : ''}`,
    '',
    `${summary}.`,
    ...(notes.length === 0 ? [] : wrap(notes.join(' '), WIDTH)),
    '',
    ...table([...args, ...flags]),
    ...(args.length + flags.length > 0 ? [''] : []),
    paint('bold', examples.length > 1 ? 'Examples:' : 'Example:'),
    ...examples.map((example) => `  ${example}`),
  ].join('\n');
}

/** The command with its arguments. */
const usageOf = (command: Description): string =>
  [command.name, ...command.arguments.map(argumentWord)].join(' ');

function argumentWord({ name, optional, many, choices }: Argument): string {
  const word = `${choices?.join('|') ?? name}${many ? '...' : ''}`;
  return optional ? `[${word}]` : word;
}

function optionWords(name: string, option: Option): string {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  return `${short}${flagOf(name)}${option.kind === 'flag' ? '' : ` ${option.value}`}`;
}

/** Two columns. The second one goes on in lines of its own. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length)) + 2;
  return rows.flatMap(([left, right]) => {
    const [first = '', ...more] = wrap(right, WIDTH - width - 2);
    return [
      `  ${left.padEnd(width)}${first}`.trimEnd(),
      ...more.map((line) => `  ${' '.repeat(width)}${line}`),
    ];
  });
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
