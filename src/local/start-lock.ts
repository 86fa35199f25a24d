import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

export interface Lock {
  /** A run before this one left it behind, so it was killed and parts of it may still be ending. */
  readonly recovered: boolean;
  release(): Promise<void>;
}

interface Holder {
  pid: number;
  /** When the process was started, as the system tells it: a pid alone may be another's by now. */
  born: string;
  /** What runs, for people. */
  about: string;
}

/**
 * Takes the folder of this file for this process.
 *
 * @throws {Error} when a living process holds it.
 */
export async function takeLock(path: string, about: string): Promise<Lock> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const found = await readHolder(path);
  if (found !== undefined && (await isAlive(found))) throw new Error(refusal(found));
  await rm(path, { force: true });
  const holder: Holder = { pid: process.pid, born: await born(process.pid), about };
  try {
    await writeFile(path, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    // Another start came between; it says who it is.
    const winner = await readHolder(path);
    throw winner === undefined ? error : new Error(refusal(winner));
  }
  return { recovered: found !== undefined, release: () => rm(path, { force: true }) };
}

const refusal = ({ pid, about }: Holder): string =>
  `Millrace already runs in this folder: ${about}, process ${pid}. Use that one, or stop it first with: kill ${pid}`;

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isHolder(value) ? value : undefined;
  } catch {
    // Not there, or cut off by a crash while it was written: nobody holds it.
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
  const now = await born(holder.pid);
  return now !== '' && now === holder.born;
};

/** The start of a process; empty when there is no such process. */
async function born(pid: number): Promise<string> {
  if (process.platform === 'linux') return bornOnLinux(pid);
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], {
      timeout: 5_000,
    });
    return stdout.trim();
  } catch {
    return '';
  }
}

/** Field 22 of the process's stat: ticks since the boot. The name in field 2 may hold spaces. */
async function bornOnLinux(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isDead = fields[0] === 'Z' || fields[0] === 'X';
  return isDead ? '' : (fields[19] ?? '');
}
