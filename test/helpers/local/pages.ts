import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export const pathInProject = (file: string): string => join(ROOT, file);
export const readInProject = (file: string): string => readFileSync(pathInProject(file), 'utf8');

/** The files of the repository that a pattern of git matches, by their paths. */
export const filesInProject = (pattern: string): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', pattern], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file !== '' && existsSync(pathInProject(file)));

/** Every page for people that the repository holds. */
export const PAGES = filesInProject('*.md');
