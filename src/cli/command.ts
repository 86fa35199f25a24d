import type { Description, Options } from './description.ts';
import type { Io } from './io.ts';
import { parseArguments, type ValuesOf } from './parse.ts';

/** What a command is called with. */
export interface Invocation<O extends Options> {
  /** The arguments in their order; the last one may be several. */
  readonly args: readonly string[];
  readonly options: ValuesOf<O>;
  readonly io: Io;
}

export interface Command extends Description {
  /** Runs the command with the words that follow its name. Returns the exit code. @throws {CliError}. */
  start(words: readonly string[], io: Io): Promise<number>;
}

export interface CommandSpec<O extends Options> extends Description {
  readonly options: O;
  /** Returns the exit code; nothing stands for 0. @throws {CliError}. */
  run(invocation: Invocation<O>): Promise<number | undefined>;
}

/** Defines a command: `src/cli/registry.ts` lists it. Commands that talk to the API use `defineRemoteCommand`. */
export const defineCommand = <const O extends Options>(spec: CommandSpec<O>): Command => ({
  ...spec,
  start: async (words, io) => {
    const { args, values } = parseArguments(spec, words);
    return (await spec.run({ args, options: values as ValuesOf<O>, io })) ?? 0;
  },
});
