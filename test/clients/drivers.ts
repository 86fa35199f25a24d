import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface DriverProgram {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly file: string;
}

const PROGRAMS: readonly DriverProgram[] = [
  {
    name: 'typescript',
    command: [process.execPath, '--import', 'tsx', at('drivers/typescript.ts')],
    file: at('drivers/typescript.ts'),
  },
  { name: 'python', command: ['python3', at('drivers/python.py')], file: at('drivers/python.py') },
  {
    name: 'python-asyncio',
    command: ['python3', at('drivers/python.py'), '--asyncio'],
    file: at('drivers/python.py'),
  },
];

/** The drivers to run: those of all clients, or that of the client that CLIENT names. */
export const DRIVERS = PROGRAMS.filter(
  ({ name, file }) => existsSync(file) && [undefined, name].includes(process.env['CLIENT']),
);
