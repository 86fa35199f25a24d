import { readFileSync } from 'node:fs';

/** Reads the nearest package.json above this file: beside `src` in a clone, beside `dist` when built. */
function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const text = readFileSync(new URL(path, import.meta.url), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  throw new Error('There is no package.json above the program. Reinstall it.');
}

export const VERSION = readVersion();
