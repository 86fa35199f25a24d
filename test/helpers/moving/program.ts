import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { outputOf } from '../local/output-of.ts';
import { pathInProject } from '../local/pages.ts';

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves when it has ended. */
  readonly end: Promise<Ended>;
}

/** The folder of somebody's program. */
export interface Folder {
  readonly dir: string;
  start(env: NodeJS.ProcessEnv, program: string, ...args: string[]): Started;
  run(env: NodeJS.ProcessEnv, program: string, ...args: string[]): Promise<Ended>;
}

/** A folder for the tests of one file, with copies of these files of the project. */
export function useFolder(files: readonly string[]): Folder {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'mr-moving-'));
    for (const file of files) cpSync(pathInProject(file), join(dir, basename(file)));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const start: Folder['start'] = (env, program, ...args) => {
    const own = { PATH: process.env['PATH'], LANG: 'C.UTF-8' };
    const child = spawn(program, args, {
      cwd: dir,
      env: { ...own, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = outputOf(child);
    const end = once(child, 'close').then(([code]) => ({ code, output: output() }));
    return { child, output, end };
  };
  return {
    get dir() {
      return dir;
    },
    start,
    run: (env, program, ...args) => start(env, program, ...args).end,
  };
}
