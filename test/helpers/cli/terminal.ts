import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import { shellWord } from '../../../src/cli/output/shell-word.ts';
import { MAIN } from './run-cli.ts';

const SESSION = 'cli';

export interface Terminal {
  /** A folder for files. */
  readonly dir: string;
  /** Types a command line of `millrace`. Its end shows as `exit=` and the exit code. */
  type(words: readonly string[]): Promise<void>;
  /** Sends keys by their tmux names, such as `C-c`. */
  press(...keys: string[]): Promise<void>;
  /** Sends text as it is. */
  write(text: string): Promise<void>;
  /** What the screen shows. @param withStyles with the escape sequences of colours */
  screen(withStyles?: boolean): Promise<string>;
}

/** A shell in a terminal of tmux, 120 columns wide, for the tests of a file. */
export function useTerminal(api: { readonly origin: string }): Terminal {
  let dir: string;
  const tmux = async (...args: string[]): Promise<string> => {
    const env = { ...process.env, TERM: 'xterm' };
    return (await promisify(execFile)('tmux', ['-S', join(dir, 'socket'), ...args], { env })).stdout;
  };
  const press = async (...keys: string[]) => void (await tmux('send-keys', '-t', SESSION, ...keys));
  const write = (text: string) => press('-l', text);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mr-tmux-'));
    await tmux('new-session', '-d', '-s', SESSION, '-x', '120', '-y', '30', 'env PS1="$ " sh');
  });
  afterAll(async () => {
    await tmux('kill-server');
    await rm(dir, { recursive: true, force: true });
  });

  return {
    get dir() {
      return dir;
    },
    press,
    write,
    type: async (words) => {
      const line = [process.execPath, MAIN, ...words].map(shellWord).join(' ');
      await write(`MILLRACE_URL=${api.origin}; export MILLRACE_URL; clear; ${line}; echo "exit=$?"`);
      await press('Enter');
    },
    screen: async (withStyles = false) => {
      const styles = withStyles ? ['-e'] : [];
      return (await tmux('capture-pane', '-p', '-J', ...styles, '-t', SESSION)).trimEnd();
    },
  };
}
