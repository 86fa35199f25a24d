import { execFile } from 'node:child_process';
import { chmod, cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const SETUP = join(import.meta.dirname, '../../scripts/setup.mjs');

/** A PATH with Node and nothing else. */
let bin: string;

beforeEach(async () => {
  bin = await mkdtemp(join(tmpdir(), 'mr-bin-'));
  await symlink(process.execPath, join(bin, 'node'));
});

afterEach(() => rm(bin, { recursive: true, force: true }));

async function addProgram(name: string, script: string): Promise<void> {
  const file = join(bin, name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

const run = (script: string, ...args: string[]) =>
  new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [script, ...args], { env: { PATH: bin } }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });

const setup = (...args: string[]) => run(SETUP, ...args);

it('says in one sentence how to get a Redis where nothing can install one', async () => {
  const { code, stdout, stderr } = await setup('start');
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(
    /^Millrace needs redis-server \(7\.0 or newer\) on PATH, .*redis\.io.*REDIS_URL.*\.\n$/,
  );
});

it('installs by the package manager, and tells what that said only when it fails', async () => {
  await addProgram('brew', 'echo "Error: no such formula $2"; exit 3');
  const { code, stdout, stderr } = await setup('demo');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^Installing redis \.* ?failed \(\d+ s\)\n$/);
  expect(stderr).toBe(
    `brew install redis ended with exit code 3:
  Error: no such formula redis
Try it by hand: brew install redis; or set REDIS_URL to a Redis that runs (npm run demo and npm start take it), or run docker compose up.
`,
  );
});

it('refuses a server that is too old, by name and version', async () => {
  await addProgram(
    'redis-server',
    'echo "Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64"',
  );
  const { code, stderr } = await setup('test');
  expect(code).toBe(1);
  expect(stderr).toContain(`${bin}/redis-server is Redis 6.0; Millrace needs Redis 7.0 or Valkey 7.2`);
});

it('npm test installs what runs the examples, in one call for all that is missing', async () => {
  await addProgram('redis-server', 'echo "Redis server v=7.2.4 sha=00000000:0 malloc=libc bits=64"');
  await addProgram('jq', 'exit 0');
  // It is there without its standard library.
  await addProgram('perl', 'exit 2');
  await addProgram('brew', 'echo "Error: $*"; exit 3');
  const { code, stdout, stderr } = await setup('test');
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^Installing bash, curl, python, ruby, php, mypy, tmux, zsh, fish, perl, gcc \.* ?failed \(\d+ s\)\n$/,
  );
  expect(stderr).toBe(
    `brew install bash curl python ruby php mypy tmux zsh fish perl gcc ended with exit code 3:
  Error: install bash curl python ruby php mypy tmux zsh fish perl gcc
Try it by hand: brew install bash curl python ruby php mypy tmux zsh fish perl gcc.
`,
  );
});

it('says what npm test needs where nothing can install it', async () => {
  await addProgram('redis-server', 'echo "Redis server v=7.2.4 sha=00000000:0 malloc=libc bits=64"');
  const { code, stderr } = await setup('test');
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^The tests of examples, clients and the command line need bash, curl, .* perl, cc on PATH, .*no package manager.*\.\n$/,
  );
});

it('npm test needs them only where the tests of the examples may be meant', async () => {
  await addProgram('redis-server', 'echo "Redis server v=7.2.4 sha=00000000:0 malloc=libc bits=64"');
  const { stdout, stderr } = await setup('test', 'test/nowhere', 'test/events/nothing');
  expect(stdout + stderr).toContain('No test files found');
  for (const filter of ['test/ex', 'test/examples/away', 'test/system/e2e', 'worker']) {
    const refused = await setup('test', 'test/nowhere', filter);
    expect(refused.stderr, filter).toMatch(/^The tests of examples, clients and the command line need bash/);
  }
});

it('names the commands that there are', async () => {
  const { code, stderr } = await setup('dance');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Usage: npm run demo, npm start, npm test, .*npm run doctor or npm run chaos/);
});

it('works in a fresh clone, which has no packages', async () => {
  const clone = await mkdtemp(join(tmpdir(), 'mr-clone-'));
  await cp(join(SETUP, '..'), join(clone, 'scripts'), { recursive: true });
  const { stderr } = await run(join(clone, 'scripts', 'setup.mjs'), 'unknown');
  await rm(clone, { recursive: true });
  expect(stderr).toMatch(/demo/);
  expect(stderr).not.toMatch(/ERR_MODULE_NOT_FOUND/);
});

it('npm test installs Prometheus for the tests that need it', async () => {
  await addProgram('redis-server', 'echo "Redis server v=7.2.4 sha=00000000:0 malloc=libc bits=64"');
  await addProgram('brew', 'echo "Error: $*"; exit 3');
  const { code, stdout } = await setup('test', 'test/system/operations/alerts.test.ts');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^Installing prometheus \.* ?failed \(\d+ s\)\n$/);
});
