import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './task.mjs';

const LIMIT_MS = 10 * 60_000;

/** Installs the node modules unless they are the ones that package-lock.json asks for. */
export async function ensureModules(root) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (installed !== undefined && fits(wanted ?? {}, installed)) return;
  await runQuietly('Installing the node modules', [...npm(), 'ci', '--no-audit', '--no-fund'], {
    cwd: root,
    // The test runner and the compiler are needed too, whatever the environment says.
    env: { ...process.env, NODE_ENV: 'development' },
    limitMs: LIMIT_MS,
    next: 'Check that this machine reaches the npm registry (npm ping), then run the same command again.',
  });
}

/** npm names itself to the scripts that it runs. */
function npm() {
  const script = process.env.npm_execpath;
  return script?.endsWith('npm-cli.js') ? [process.execPath, script] : ['npm'];
}

/** npm writes the second file as the last step of an install, so that a half done one does not fit. */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function fits(wanted, installed) {
  const isSame = ([path, { version }]) => wanted[path]?.version === version;
  // Optional packages are those of other systems.
  const isThere = ([path, { optional }]) => path === '' || optional || path in installed;
  return Object.entries(installed).every(isSame) && Object.entries(wanted).every(isThere);
}
