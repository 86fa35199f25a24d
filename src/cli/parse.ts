import { parseArgs } from 'node:util';
import { type Description, flagOf, type Option, type Options } from './description.ts';
import { usageError } from './exits.ts';
import { nearest } from './nearest.ts';

type OptionValue = string | boolean | number | readonly string[] | undefined;

/** The values of options: flags are false and lists empty unless given. */
export type ValuesOf<O extends Options> = {
  readonly [K in keyof O]: O[K]['kind'] extends 'flag'
    ? boolean
    : O[K]['kind'] extends 'list'
      ? readonly string[]
      : O[K]['kind'] extends 'integer'
        ? number | undefined
        : string | undefined;
};

export interface ParsedArguments {
  readonly args: readonly string[];
  readonly values: Readonly<Record<string, OptionValue>>;
}

/** @throws {CliError} that says what is wrong with the words. */
export function parseArguments(command: Description, words: readonly string[]): ParsedArguments {
  const entries = Object.entries(command.options);
  const { values, positionals } = readWords(command, words);
  checkArguments(command, positionals);
  const read = entries.map(([name, option]) => [
    name,
    readValue(command, flagOf(name), option, values[flagOf(name).slice(2)]),
  ]);
  return { args: positionals, values: Object.fromEntries(read) };
}

/** Values of options as the words that give them, to say how to go on. */
export const wordsOf = (options: Options, values: Readonly<Record<string, OptionValue>>): string[] =>
  Object.keys(options).flatMap((name) => {
    const value = values[name];
    if (value === undefined || value === false) return [];
    return value === true ? [flagOf(name)] : [value].flat().flatMap((one) => [flagOf(name), String(one)]);
  });

type RawValue = string | boolean | (string | boolean)[] | undefined;

function readWords(
  command: Description,
  words: readonly string[],
): { values: Record<string, RawValue>; positionals: string[] } {
  const options = Object.entries(command.options).map(([name, { kind, short }]) => [
    flagOf(name).slice(2),
    {
      type: kind === 'flag' ? ('boolean' as const) : ('string' as const),
      multiple: kind === 'list',
      ...(short === undefined ? {} : { short }),
    },
  ]);
  try {
    return parseArgs({ args: [...words], options: Object.fromEntries(options), allowPositionals: true });
  } catch (error) {
    throw wrongUse(command, whatIsWrong(command, error));
  }
}

/** The messages of Node name the option in quotes. */
function whatIsWrong(command: Description, error: unknown): string {
  const { message, code } = error as Error & { code?: string };
  const option = /'(-[^\s'=<]+)/.exec(message)?.[1];
  if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION' || option === undefined) return message;
  const meant = nearest(option, Object.keys(command.options).map(flagOf));
  if (meant !== undefined) return `There is no option ${option}. Did you mean ${meant}?`;
  const given = option.replace(/^-+/, '').toUpperCase();
  const argument = command.arguments.find(
    ({ name }) => name === given || (name[0] === given && option.length === 2),
  );
  const advice =
    argument === undefined
      ? 'Put -- before a word that begins with a dash.'
      : `Write ${argument.name} without an option: millrace ${command.name} ${argument.name}.`;
  return `There is no option ${option}. ${advice}`;
}

const wrongUse = (command: Description, what: string) =>
  usageError(`${what}\nSee: millrace ${command.name} --help`);

function checkArguments(command: Description, given: readonly string[]): void {
  const { arguments: wanted } = command;
  const missing = wanted.find(({ optional }, i) => optional === undefined && given.length <= i);
  if (missing !== undefined) {
    throw wrongUse(command, `${missing.name} is missing: ${missing.meaning}.`);
  }
  const extra = given[wanted.length];
  if (extra !== undefined && wanted.at(-1)?.many === undefined) {
    throw wrongUse(
      command,
      `${JSON.stringify(extra)} is one word too many. Put quotes around text with blanks.`,
    );
  }
  wanted.forEach(({ name, choices }, i) => {
    const value = given[i];
    if (value !== undefined) checkChoice(command, name, choices, value);
  });
}

function readValue(command: Description, flag: string, option: Option, raw: RawValue): OptionValue {
  if (option.kind === 'flag') return raw === true;
  if (option.kind === 'list') {
    const list = Array.isArray(raw) ? raw.map(String) : [];
    for (const value of list) checkChoice(command, flag, option.choices, value);
    return list;
  }
  if (raw === undefined) return undefined;
  const text = String(raw);
  if (option.kind === 'text') {
    checkChoice(command, flag, option.choices, text);
    return text;
  }
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= option.min && value <= option.max) return value;
  throw wrongUse(
    command,
    `${flag} is ${JSON.stringify(text)}: must be an integer from ${option.min} to ${option.max}.`,
  );
}

function checkChoice(
  command: Description,
  name: string,
  choices: readonly string[] | undefined,
  value: string,
): void {
  if (choices === undefined || choices.includes(value)) return;
  throw wrongUse(command, `${name} is ${JSON.stringify(value)}: must be one of ${choices.join(', ')}.`);
}
