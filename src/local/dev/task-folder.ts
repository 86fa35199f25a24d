import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often the folder is looked at. A change counts once two looks in a row have seen the same. */
const LOOK_EVERY_MS = 400;
/** Files of a folder that are looked at. */
const MOST_FILES = 1_000;
const IS_TASK = /^[^._].*\.(js|mjs|ts|mts)$/;
const IS_NO_TASK = /\.(d|test)\.\w+$/;
const IS_LEFT_OUT = /(^|[/\\])(\.|node_modules([/\\]|$))/;

/** Whether the folder exists and has a file that may be a task. */
export async function hasTaskFiles(dir: string): Promise<boolean> {
  const names = await readdir(dir).catch((): string[] => []);
  return names.some((name) => IS_TASK.test(name));
}

/** The names of the tasks in the folder: those of its files. */
export async function taskNames(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch((): string[] => []);
  return names
    .filter((name) => IS_TASK.test(name) && !IS_NO_TASK.test(name))
    .map((name) => basename(name, extname(name)));
}

/**
 * Calls `onChange` after files of the folder, or of its sub-folders, came, went or changed. Also of a folder that comes later. Resolves
 * when the signal fires.
 */
export async function watchTaskFolder(
  dir: string,
  onChange: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let known = await fingerprint(dir);
  let last = known;
  while (!signal.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    const seen = await fingerprint(dir);
    const isSettled = seen === last;
    last = seen;
    if (signal.aborted || seen === known || !isSettled) continue;
    known = seen;
    await onChange();
  }
}

/** Differs when a file came, went or was written. */
async function fingerprint(dir: string): Promise<string> {
  const names = await readdir(dir, { recursive: true }).catch((): string[] => []);
  const files = names
    .filter((name) => !IS_LEFT_OUT.test(name))
    .sort()
    .slice(0, MOST_FILES);
  const parts = await Promise.all(
    files.map(async (name) => {
      const found = await stat(join(dir, name)).catch(() => undefined);
      return found === undefined || found.isDirectory() ? name : `${name} ${found.size} ${found.mtimeMs}`;
    }),
  );
  return parts.join('\n');
}
