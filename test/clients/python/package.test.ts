import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readInProject } from '../../helpers/local/pages.ts';
import { CLIENT, SOURCE } from './python.ts';

const dir = mkdtempSync(join(tmpdir(), 'millrace-wheel-'));
afterAll(() => rmSync(dir, { recursive: true }));

const sources = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.py'),
);

/** Runs Python, and nothing that it could find beside the standard library. */
const python = (args: readonly string[], env: NodeJS.ProcessEnv = {}): string =>
  execFileSync('python3', args, {
    cwd: dir,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: dir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();

it('is written in the Python of 3.9', () => {
  const check = `import ast, sys
for path in sys.argv[1:]:
    ast.parse(open(path, encoding='utf8').read(), path, feature_version=(3, 9))`;
  python(['-c', check, ...sources.map((name) => join(SOURCE, name))]);
});

it('uses the standard library alone', () => {
  const check = `import ast, sys
names = set()
for path in sys.argv[1:]:
    for node in ast.walk(ast.parse(open(path, encoding='utf8').read())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split('.')[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.split('.')[0])
print(sorted(names - set(sys.stdlib_module_names)))`;
  expect(python(['-c', check, ...sources.map((name) => join(SOURCE, name))])).toBe('[]');
});

it('has the version of the service', () => {
  const { version } = JSON.parse(readInProject('package.json'));
  expect(readFileSync(join(CLIENT, 'pyproject.toml'), 'utf8')).toContain(`\nversion = "${version}"\n`);
  expect(readFileSync(join(SOURCE, 'millrace/__init__.py'), 'utf8')).toContain(`__version__ = "${version}"`);
});

it('has types that mypy --strict accepts', () => {
  execFileSync('mypy', ['--strict', '--cache-dir', join(dir, 'mypy'), SOURCE], { encoding: 'utf8' });
});

it('is one wheel that pip makes and installs without network', () => {
  // Pip builds in a copy, so that nothing is left in the sources.
  cpSync(CLIENT, join(dir, 'source'), { recursive: true });
  const offline = { PIP_NO_INDEX: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_ROOT_USER_ACTION: 'ignore' };
  python(['-m', 'pip', 'wheel', '--no-deps', '-w', 'wheels', './source'], offline);
  const wheels = readdirSync(join(dir, 'wheels'));
  expect(wheels).toHaveLength(1);
  const wheel = join(dir, 'wheels', wheels[0] ?? '');
  python(['-m', 'pip', 'install', '--no-deps', '--target', 'installed', wheel], offline);
  const installed = readdirSync(join(dir, 'installed/millrace'));
  expect(installed).toEqual(expect.arrayContaining(['py.typed', 'worker', '__main__.py']));
  const shown = python(['-c', 'import millrace; print(millrace.__version__, millrace.__file__)'], {
    PYTHONPATH: join(dir, 'installed'),
  });
  expect(shown).toMatch(/^\d+\.\d+\.\d+ .*installed/);
  expect(python(['-m', 'millrace', 'work', '--help'], { PYTHONPATH: join(dir, 'installed') })).toContain(
    'example:',
  );
});
