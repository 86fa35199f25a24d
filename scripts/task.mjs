import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Something that the user can mend; its message is all that they need. */
export class SetupError extends Error {}

const TICK_MS = 2_000;
const KEPT_BYTES = 20_000;

/** The full path of a program on PATH, or undefined. */
export function findProgram(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs a command with one line of progress. Its output is kept back, and told only if it fails.
 *
 * @param title what is going on, for people
 * @param command program and arguments
 * @param options `cwd`, `env`, `limitMs`, and `next`: what to do when it fails
 */
export async function runQuietly(title, command, { cwd, env, limitMs, next }) {
  const started = performance.now();
  const spent = () => `${Math.round((performance.now() - started) / 1_000)} s`;
  process.stdout.write(`${title} `);
  const timer = setInterval(() => process.stdout.write('.'), TICK_MS);
  const { fault, output } = await collect(command, { cwd, env, limitMs });
  clearInterval(timer);
  process.stdout.write(fault === undefined ? ` done (${spent()})\n` : ` failed (${spent()})\n`);
  if (fault === undefined) return;
  const told = output.trim().replace(/^/gm, '  ');
  throw new SetupError(`${command.join(' ')} ${fault}:\n${told}\n${next}`);
}

/** What a command prints, and what went wrong with it, if anything. */
export function collect([program, ...args], { cwd, env, limitMs }) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let fault = (code, signal) => (code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`);
    const timer = setTimeout(() => {
      fault = () => `did not end within ${limitMs / 1_000} s`;
      child.kill('SIGKILL');
    }, limitMs);
    const keep = (chunk) => {
      output = (output + chunk).slice(-KEPT_BYTES);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve({ fault: `could not be started (${error.message})`, output });
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ fault: fault(code, signal), output });
    });
  });
}
