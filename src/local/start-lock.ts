import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

export interface Lock {
  /** An earlier run left the lock behind: it was killed, and its parts may still be stopping. */
  readonly recovered: boolean;
  release(): Promise<void>;
}

interface Holder {
  pid: number;
  /** Start time of the process, in the system's format: another process may have its pid now. */
  born: string;
  /** URL of the API, for people. */
  about: string;
}

/**
 * Locks the folder of this file for this process.
 *
 * @throws {Error} when a living process holds the lock.
 */
export async function takeLock(path: string, about: string): Promise<Lock> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const found = await readHolder(path);
  if (found !== undefined && (await isAlive(found))) throw new Error(refusalText(found));
  await rm(path, { force: true });
  const holder: Holder = { pid: process.pid, born: await startTime(process.pid), about };
  try {
    await writeFile(path, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    // Another start has taken the lock since.
    const winner = await readHolder(path);
    throw winner === undefined ? error : new Error(refusalText(winner));
  }
  return { recovered: found !== undefined, release: () => rm(path, { force: true }) };
}

/** What a living process holds the lock for, or undefined. */
export async function heldFor(path: string): Promise<string | undefined> {
  const holder = await readHolder(path);
  return holder !== undefined && (await isAlive(holder)) ? holder.about : undefined;
}

const refusalText = ({ pid, about }: Holder): string =>
  `Millrace already runs in this folder: ${about}, process ${pid}. Use that one, or stop it first with: kill ${pid}`;

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isHolder(value) ? value : undefined;
  } catch {
    // The file does not exist, or a crash cut it off: nobody holds the lock.
    return undefined;
  }
}

const isHolder = (value: unknown): value is Holder =>
  typeof value === 'object' &&
  value !== null &&
  'pid' in value &&
  typeof value.pid === 'number' &&
  'born' in value &&
  typeof value.born === 'string' &&
  'about' in value &&
  typeof value.about === 'string';

const isAlive = async (holder: Holder): Promise<boolean> => {
  const born = await startTime(holder.pid);
  return born !== '' && born === holder.born;
};

/** Start time of a process; empty when it does not exist. */
async function startTime(pid: number): Promise<string> {
  if (process.platform === 'linux') return startTimeOnLinux(pid);
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], {
      timeout: 5_000,
    });
    return stdout.trim();
  } catch {
    return '';
  }
}

/** Field 22 of `/proc/pid/stat`: ticks since the boot. The name in field 2 may contain spaces. */
async function startTimeOnLinux(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isDead = fields[0] === 'Z' || fields[0] === 'X';
  return isDead ? '' : (fields[19] ?? '');
}
