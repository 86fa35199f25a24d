import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { pathInProject } from '../helpers/local/pages.ts';

const run = promisify(execFile);

export interface Installed {
  readonly tarball: string;
  /** The folder into which it was installed. */
  readonly dir: string;
  /** Runs a program in the folder. Rejects unless it ends with 0. */
  run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string>;
  write(file: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

/** Packs this project, and installs it in an empty folder as users do. */
export async function installPackage(): Promise<Installed> {
  const root = await mkdtemp(join(tmpdir(), 'mr-package-'));
  await run('npm', ['pack', '--pack-destination', root], { cwd: pathInProject('.') });
  const [name = ''] = (await readdir(root)).filter((file) => file.endsWith('.tgz'));
  const tarball = join(root, name);
  const dir = await mkdtemp(join(root, 'app-'));
  const env = { ...process.env, NODE_ENV: '' };
  await run('npm', ['i', tarball, '--prefer-offline', '--no-audit', '--no-fund'], { cwd: dir, env });
  return {
    tarball,
    dir,
    run: async (command, args, more = {}) => {
      const { stdout } = await run(command, [...args], { cwd: dir, env: { ...process.env, ...more } });
      return stdout;
    },
    write: (file, text) => writeFile(join(dir, file), text),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

export interface Dev {
  readonly url: string;
  /** What it has written to standard error so far. */
  readonly errors: () => string;
  stop(): Promise<number | null>;
}

/** `millrace dev` on a free port, once it is ready. Without npx, which a Ctrl-C ends before the program that it runs. */
export async function startDev(dir: string): Promise<Dev> {
  const child = spawn('node_modules/.bin/millrace', ['dev', '--port', '0'], {
    cwd: dir,
    env: { ...process.env, PROCESSES: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let url: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    url = /^ +API +(\S+)$/.exec(line)?.[1];
    if (url !== undefined) break;
  }
  if (url === undefined) throw new Error(`millrace dev ended with ${await exited}: ${errors}`);
  child.stdout.resume();
  return {
    url,
    errors: () => errors,
    stop: () => {
      child.kill('SIGINT');
      return exited;
    },
  };
}
