import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Op } from './protocol.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface DriverProgram {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly file: string;
  /** What the client does not have. Scenarios that need it are not run with it. */
  readonly lacks: readonly Op[];
}

const PROGRAMS: readonly DriverProgram[] = [
  {
    name: 'typescript',
    command: [process.execPath, '--import', 'tsx', at('drivers/typescript.ts')],
    file: at('drivers/typescript.ts'),
    lacks: [],
  },
  {
    name: 'python',
    command: ['python3', at('drivers/python.py')],
    file: at('drivers/python.py'),
    // A thread that waits cannot be stopped from outside; its wait takes a timeout.
    lacks: ['abort'],
  },
  {
    name: 'python-asyncio',
    command: ['python3', at('drivers/python.py'), '--asyncio'],
    file: at('drivers/python.py'),
    lacks: [],
  },
];

/** The drivers to run: those of all clients, or that of the client that CLIENT names. */
export const DRIVERS = PROGRAMS.filter(
  ({ name, file }) => existsSync(file) && [undefined, name].includes(process.env['CLIENT']),
);
