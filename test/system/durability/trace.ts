import { spawnSync } from 'node:child_process';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { until } from '../../helpers/redis/server.ts';

/**
 * A power cut cannot be had for a test, but what it leaves can be worked out: of every file the part that had
 * been handed to the disk by an fsync that came to its end. So Redis runs under strace, which tells of each
 * write and each fsync in the order in which they happened; at the cut Redis is killed with -9, and its files are
 * cut down to the length that they had when the last fsync that ended had *begun*. What was written while
 * that fsync ran counts as lost, though it may well be on disk. Names of files count as on disk: Redis syncs its
 * folder at its start, and makes no file later in such a run.
 */
const CALLS = 'write,writev,pwrite64,fdatasync,fsync,openat,rename';

const TRACE = 'strace -D -f --seccomp-bpf';

/** Whether strace is installed, knows these options and may be used. */
export const canTrace = (): boolean => {
  const [program = '', ...options] = TRACE.split(' ');
  return spawnSync(program, [...options, '-o', '/dev/null', 'true'], { timeout: 10_000 }).status === 0;
};

/**
 * Writes a program that runs Redis under strace, and gives its path. The process that it starts is Redis itself
 * (-D), and no other call is slowed down (--seccomp-bpf).
 */
export async function tracedRedis(logFile: string): Promise<string> {
  const program = `${logFile}.sh`;
  const text = `#!/bin/sh
server=$(command -v redis-server || command -v valkey-server)
exec ${TRACE} -y -s 0 -o '${logFile}' -e trace=${CALLS} "$server" "$@"
`;
  await writeFile(program, text, { mode: 0o700 });
  return program;
}

/** Cuts the files of a Redis that was killed down to what had been synced, by the log of its calls. */
export async function cutToSynced(logFile: string, pid: number, dir: string): Promise<void> {
  const log = await until(async () => {
    const text = await readFile(logFile, 'utf8');
    return new RegExp(`^${pid} +\\+\\+\\+ killed`, 'm').test(text) && text;
  }, 'the end of the log of strace');
  for (const [path, bytes] of syncedLengths(log, dir)) await truncate(path, bytes);
}

interface Written {
  bytes: number;
  /** As of the begin of the last fsync that ended. */
  synced: number;
}

interface Call {
  path: string;
  /** The length of the file when the call began. */
  bytes: number;
}

const LINE = /^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$/;
const DESCRIPTOR = /^\d+<([^>]*)>/;

/**
 * Reads the log of `strace -f -y`, which must reach back to when there were no files: how many bytes of each
 * were safe at its end.
 *
 * @param dir the working folder of the process, to which all of the files belong.
 */
export function syncedLengths(log: string, dir: string): Map<string, number> {
  const files = new Map<string, Written>();
  /** The last call of each thread. */
  const begun = new Map<string, Call>();
  for (const line of log.split('\n')) {
    const [, thread = '', resumed, called, rest = ''] = LINE.exec(line) ?? [];
    if (called !== undefined) {
      const path = DESCRIPTOR.exec(rest)?.[1] ?? '';
      begun.set(thread, { path, bytes: files.get(path)?.bytes ?? 0 });
    }
    const call = begun.get(thread);
    const result = Number(/\) += (\d+)/.exec(rest)?.[1]);
    // A call without a result has not ended yet, or failed.
    if (call === undefined || Number.isNaN(result)) continue;
    const name = resumed ?? called ?? '';
    if (name === 'rename') rename(files, rest, dir);
    else if (name === 'openat') create(files, rest);
    else if (name.endsWith('sync')) sync(files, call);
    else if (call.path.startsWith(join(dir, '/'))) write(files, call, result);
  }
  return new Map([...files].map(([path, { synced }]) => [path, synced]));
}

function rename(files: Map<string, Written>, rest: string, dir: string): void {
  const [from = '', to = ''] = [...rest.matchAll(/"([^"]*)"/g)].map(([, name = '']) => resolve(dir, name));
  const moved = files.get(from);
  files.delete(from);
  if (moved !== undefined) files.set(to, moved);
}

function create(files: Map<string, Written>, rest: string): void {
  const emptied = /O_TRUNC.*= \d+<([^>]*)>/.exec(rest)?.[1];
  if (emptied !== undefined) files.delete(emptied);
}

function sync(files: Map<string, Written>, { path, bytes }: Call): void {
  const file = files.get(path);
  if (file !== undefined) file.synced = bytes;
}

function write(files: Map<string, Written>, { path }: Call, count: number): void {
  const file = files.get(path) ?? { bytes: 0, synced: 0 };
  files.set(path, { ...file, bytes: file.bytes + count });
}
