import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The last commit before files, scripts and classes got their present names. */
const PREVIOUS = '16f44c7fbb018f068b0701bb274b2028946ff1a0';

/** A folder with the sources of the previous release, which run with the modules of this one. */
export function checkOutPrevious(): { dir: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'mr-previous-'));
  const archive = execFileSync('git', ['archive', PREVIOUS, 'package.json', 'src', 'routes', 'workers'], {
    cwd: ROOT,
    maxBuffer: 64 * 1024 * 1024,
  });
  execFileSync('tar', ['-x', '-C', dir], { input: archive });
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
