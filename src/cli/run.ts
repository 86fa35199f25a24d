import { VERSION } from '../version.ts';
import { CliError, EXIT } from './exits.ts';
import type { Io } from './io.ts';
import { inertLines } from './output/inert.ts';
import { COMMANDS, findCommand } from './registry.ts';
import { GROUPS } from './words.ts';

/** Runs a command line: the words after the name of the program. Returns the exit code. */
export async function run(words: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(words, io);
  } catch (error) {
    if (!(error instanceof Error && (error instanceof CliError || error.name === 'ConfigError'))) throw error;
    await io.err.write(`${io.err.paint('red', 'millrace:')} ${inertLines(error.message)}\n`);
    return error instanceof CliError ? error.exitCode : EXIT.usage;
  }
}

async function dispatch(words: readonly string[], io: Io): Promise<number> {
  const [first = ''] = words;
  if (['--version', '-V', 'version'].includes(first)) {
    await io.out.write(`${VERSION}\n`);
    return EXIT.done;
  }
  const isHelp = first === 'help';
  const { entry, name, rest } = findCommand(isHelp ? words.slice(1) : words);
  const wantsHelp = isHelp || asksForHelp(rest);
  if (entry !== undefined) {
    const command = await entry.load();
    if (!wantsHelp) return command.start(rest, io);
    const { commandHelp } = await import('./help.ts');
    return show(io, commandHelp(command, io.out.paint));
  }
  const [group = ''] = name.split(' ');
  if (name !== '' && !(name === group && Object.hasOwn(GROUPS, group))) throw await unknown(name);
  const { groupHelp, overview } = await import('./help.ts');
  const sink = wantsHelp ? io.out : io.err;
  const text = name === '' ? overview(sink.paint) : groupHelp(group, sink.paint);
  await sink.write(`${await text}\n`);
  return wantsHelp ? EXIT.done : EXIT.usage;
}

/** Words after `--` are arguments. */
function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return (end === -1 ? words : words.slice(0, end)).some((word) => word === '--help' || word === '-h');
}

async function show(io: Io, text: string): Promise<number> {
  await io.out.write(`${text}\n`);
  return EXIT.done;
}

async function unknown(name: string): Promise<CliError> {
  const { nearest } = await import('./nearest.ts');
  const [group = ''] = name.split(' ');
  const names = COMMANDS.map((entry) => entry.name);
  const known = Object.hasOwn(GROUPS, group)
    ? names.filter((one) => one.startsWith(`${group} `))
    : [...names, ...Object.keys(GROUPS)];
  const meant = nearest(name, known);
  const hint = meant === undefined ? 'See: millrace --help' : `Did you mean: millrace ${meant}`;
  return new CliError(EXIT.usage, `There is no command ${JSON.stringify(name)}. ${hint}`);
}
