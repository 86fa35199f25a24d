import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { parsePublicUrl } from '../../config/network.ts';
import { childEnv, loadClientConfig } from '../../config.ts';
import { listenForInterrupt } from '../../local/interrupt.ts';
import { type Command, type CommandSpec, defineCommand, type Invocation } from '../command.ts';
import type { Options } from '../description.ts';
import { EXIT, usageError } from '../exits.ts';
import { createPrinter, type Printer } from '../output/printer.ts';
import { type ValuesOf, wordsOf } from '../parse.ts';
import { type Api, connect } from './api.ts';

/** The address of `millrace dev` and of the API without settings. */
const DEFAULT_URL = 'http://127.0.0.1:3000';

const COMMON = {
  json: { kind: 'flag', meaning: 'prints JSON: one document, or a line for each item' },
  url: { kind: 'text', value: 'URL', meaning: `the API (default: MILLRACE_URL, or ${DEFAULT_URL})` },
  keyFile: { kind: 'text', value: 'FILE', meaning: 'a file with the key (default: the key in MILLRACE_KEY)' },
} as const satisfies Options;

export interface RemoteInvocation<O extends Options> extends Invocation<O> {
  readonly api: Api;
  readonly printer: Printer;
  /** The options of all such commands as they were given, to say how to go on. */
  readonly commonWords: readonly string[];
  /** Aborted by Ctrl-C, and in long work when the output can no longer be written. */
  readonly stop: AbortSignal;
  /** Sets what to say before the second Ctrl-C ends the command at once. */
  readonly onHurry: (tell: () => Promise<void>) => void;
}

export interface RemoteSpec<O extends Options> extends Omit<CommandSpec<O>, 'run'> {
  /** It changes many things, and stops in order: after a whole request, with a word on where to go on. */
  readonly isLongWork?: boolean;
  /** Returns the exit code; nothing stands for 0. @throws {CliError}. */
  run(invocation: RemoteInvocation<O>): Promise<number | undefined>;
}

/** Defines a command that talks to the API. It has `--url`, `--key-file` and `--json`, and ends at Ctrl-C with 130. */
export const defineRemoteCommand = <const O extends Options>(spec: RemoteSpec<O>): Command =>
  defineCommand({
    ...spec,
    options: { ...spec.options, ...COMMON } as Options,
    run: async ({ args, options, io }) => {
      const interrupt = listenForInterrupt();
      const unwritable = new AbortController();
      const stop = AbortSignal.any([interrupt.stop, unwritable.signal]);
      let stopCode: number = EXIT.interrupted;
      if (spec.isLongWork === true) {
        io.onUnwritable((code) => {
          stopCode = code;
          unwritable.abort();
        });
      }
      let tellRest = async (): Promise<void> => {};
      const onHurry = (tell: () => Promise<void>): void => {
        tellRest = tell;
      };
      interrupt.hurry.addEventListener('abort', () => {
        void tellRest().finally(() => process.exit(EXIT.interrupted));
      });
      // A command may have many requests under way, and each listens.
      setMaxListeners(0, stop);
      try {
        const { json, url: givenUrl, keyFile, ...own } = options as unknown as ValuesOf<typeof COMMON>;
        const { url, key } = accessOf(givenUrl, keyFile);
        const api = connect({ url, key, stop, options: spec.options });
        const printer = createPrinter(io, json);
        const commonWords = wordsOf(COMMON, { json, url: givenUrl, keyFile });
        const given = { args, options: own as ValuesOf<O>, io, api, printer, commonWords };
        const code = await spec.run({ ...given, stop, onHurry });
        return stop.aborted ? stopCode : (code ?? EXIT.done);
      } catch (error) {
        if (stop.aborted) return stopCode;
        throw error;
      } finally {
        interrupt.dispose();
      }
    },
  });

/** @throws {CliError} when it is given and no address of an API. */
export function checkUrl(url: string | undefined): void {
  if (url === undefined || parsePublicUrl(url) !== undefined) return;
  throw usageError(`--url is ${JSON.stringify(url)}: must be an http or https URL, such as ${DEFAULT_URL}.`);
}

function accessOf(url: string | undefined, keyFile: string | undefined): { url: string; key: string } {
  checkUrl(url);
  const config = loadClientConfig(
    childEnv({
      ...(url === undefined ? {} : { MILLRACE_URL: url }),
      ...(keyFile === undefined ? {} : { MILLRACE_KEY: keyIn(keyFile), MILLRACE_KEY_FILE: '' }),
    }),
  );
  return { url: config.url || DEFAULT_URL, key: config.key };
}

function keyIn(file: string): string {
  let key: string;
  try {
    key = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(`--key-file names a file that cannot be read: ${reason}`);
  }
  if (key === '')
    throw usageError(`--key-file names ${JSON.stringify(file)}, which is empty. Put the key into it.`);
  return key;
}
