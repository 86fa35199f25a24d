import { readFileSync } from 'node:fs';

/** Beside `src` in a clone, beside `dist` when built: the nearest package.json above this file. */
function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const text = readFileSync(new URL(path, import.meta.url), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  throw new Error('package.json is missing beside the program');
}

export const VERSION = readVersion();
