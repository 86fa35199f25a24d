import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { runQuietly } from './task.mjs';

const LIMIT_MS = 5 * 60_000;
const IMPORT = /(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g;

/**
 * Writes the types of the exports to `dist/types`. The compiler writes those of every file that they import; what their types do not name
 * is removed again.
 *
 * @param exports of package.json
 */
export async function makeTypes(root, exports) {
  const folder = join(root, 'dist', 'types');
  rmSync(folder, { recursive: true, force: true });
  await runQuietly(
    'Writing types',
    [process.execPath, join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.types.json'],
    { cwd: root, limitMs: LIMIT_MS, next: 'Mend the sources, then run the same command again.' },
  );
  const entries = Object.values(exports).flatMap(({ types }) =>
    types === undefined ? [] : [join(root, types)],
  );
  const needed = reachable(entries.filter((file) => file.startsWith(folder)));
  for (const name of readdirSync(folder, { recursive: true })) {
    const file = join(folder, name);
    if (file.endsWith('.d.ts') && !needed.has(file)) rmSync(file);
  }
  for (const file of needed) {
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replaceAll(IMPORT, (text) => text.replace(/\.ts(["'])$/, '.js$1')),
    );
  }
}

/** The files, and all that they import. */
function reachable(entries) {
  const found = new Set();
  const left = [...entries];
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const [, path] of readFileSync(file, 'utf8').matchAll(IMPORT))
      left.push(declarationOf(resolve(dirname(file), path)));
  }
  return found;
}

function declarationOf(path) {
  const file = path.replace(/\.(ts|js)$/, '.d.ts');
  if (!existsSync(file)) throw new Error(`There is no ${file}.`);
  return file;
}
