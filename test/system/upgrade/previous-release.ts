import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The last commit before files, scripts and classes got their present names. */
const PREVIOUS = '16f44c7fbb018f068b0701bb274b2028946ff1a0';

/** The archive of the previous release. @throws {Error} when the clone lacks that commit. */
function readArchive(): Buffer {
  try {
    return execFileSync('git', ['archive', PREVIOUS, 'package.json', 'src', 'routes', 'workers'], {
      cwd: ROOT,
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (cause) {
    const advice = 'If this clone is shallow, run: git fetch --unshallow';
    throw new Error(`git cannot read commit ${PREVIOUS}, the previous release. ${advice}`, { cause });
  }
}

/** A folder with the sources of the previous release, which run with the modules of this one. */
export function checkOutPrevious(): { dir: string; remove: () => void } {
  const archive = readArchive();
  const dir = mkdtempSync(join(tmpdir(), 'mr-previous-'));
  execFileSync('tar', ['-x', '-C', dir], { input: archive });
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
