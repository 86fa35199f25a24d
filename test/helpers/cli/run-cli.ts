import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const MAIN = join(import.meta.dirname, '../../../dist/src/cli/main.js');

export interface Outcome {
  /** The exit code, or the signal that ended the program. */
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** The folder in which it runs. */
  readonly cwd?: string;
  /** Called at the start; `kill` sends a signal. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
  /** Sees the output as it comes; `kill` sends a signal. */
  readonly onOutput?: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** Sees the messages as they come. */
  readonly onMessage?: (stderr: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs the built command line as users do, until it ends. */
export const runCli = (
  words: readonly string[],
  { env = {}, input = '', cwd, onStart, onOutput, onMessage }: CliOptions = {},
): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...words], {
      env: { PATH: process.env['PATH'], ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    onStart?.((signal) => child.kill(signal));
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      onOutput?.(stdout, (signal) => child.kill(signal));
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
      onMessage?.(stderr, (signal) => child.kill(signal));
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? signal, stdout, stderr }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });

/** Sends Ctrl-C at the first output. A second one would end the program before it has told its exit code. */
export function interruptOnce(): NonNullable<CliOptions['onOutput']> {
  let isSent = false;
  return (_, kill) => {
    if (!isSent) kill('SIGINT');
    isSent = true;
  };
}
