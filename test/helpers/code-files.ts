import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const filesOf = (room: string): string[] =>
  readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => `${room}/${name}`);

/** The files of code of the service, from the root of the project. */
export const CODE_FILES = ['src', 'routes', 'workers'].flatMap(filesOf);

/** Those of the dashboard, which is a program of its own. */
export const DASHBOARD_FILES = filesOf('dashboard/src');

export const readCode = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
