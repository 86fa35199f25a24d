import { installPackages } from './packages.mjs';
import { collect, findProgram, SetupError } from './task.mjs';

const CHECK_MS = 20_000;

/**
 * What runs and checks the workers in examples/workers, the client in clients/python and the command line, for their tests; `cc` makes a Redis
 * with another clock. `check`: a program may be there without its standard library, as Perl is in small images. `packages`: where its package
 * is not called like itself.
 */
const INTERPRETERS = [
  { program: 'bash', check: ['-c', ':'] },
  { program: 'curl', check: ['--version'] },
  { program: 'jq', check: ['--version'] },
  {
    program: 'python3',
    check: ['-c', 'import concurrent.futures, ensurepip, json, urllib.request, venv'],
    packages: { 'apt-get': ['python3', 'python3-venv'], pacman: ['python'], brew: ['python'] },
  },
  { program: 'ruby', check: ['-rjson', '-rnet/http', '-ropenssl', '-e', ''] },
  {
    program: 'php',
    check: ['-r', 'exit(is_callable("pcntl_fork") && is_callable("posix_kill") ? 0 : 1);'],
    packages: {
      'apt-get': ['php-cli'],
      dnf: ['php-cli', 'php-process'],
      apk: ['php83', 'php83-openssl', 'php83-pcntl', 'php83-posix'],
      zypper: ['php8-cli', 'php8-pcntl', 'php8-posix'],
    },
  },
  {
    program: 'pip3',
    check: ['--version'],
    packages: {
      'apt-get': ['python3-pip'],
      dnf: ['python3-pip'],
      apk: ['py3-pip'],
      pacman: ['python-pip'],
      zypper: ['python3-pip'],
      brew: ['python'],
    },
  },
  {
    program: 'mypy',
    check: ['--version'],
    packages: { dnf: ['python3-mypy'], apk: ['py3-mypy'], zypper: ['python3-mypy'] },
  },
  { program: 'tmux', check: ['-V'] },
  { program: 'zsh', check: ['--version'] },
  { program: 'fish', check: ['--version'] },
  { program: 'perl', check: ['-MHTTP::Tiny', '-MJSON::PP', '-e', '1'] },
  {
    program: 'cc',
    check: ['--version'],
    packages: {
      'apt-get': ['gcc', 'libc6-dev'],
      dnf: ['gcc'],
      apk: ['gcc', 'musl-dev'],
      pacman: ['gcc'],
      zypper: ['gcc'],
      brew: ['gcc'],
    },
  },
];

/** Sees to all these programs. */
export async function ensureInterpreters() {
  const missing = await findMissing();
  if (missing.length === 0) return;
  const names = missing.map(({ program }) => program).join(', ');
  const packagesOf = (manager) => [
    ...new Set(missing.flatMap(({ program, packages = {} }) => packages[manager] ?? [program])),
  ];
  await installPackages(packagesOf, {
    needs: `The tests of examples, clients and the command line need ${names} on PATH, each with its standard library`,
    source: 'install what is missing by hand',
  });
  const still = await findMissing();
  if (still.length === 0) return;
  throw new SetupError(
    `Installed, but not on PATH or without its standard library: ${still.map(({ program }) => program).join(', ')}. The tests of examples, clients and the command line need it.`,
  );
}

async function findMissing() {
  const found = await Promise.all(
    INTERPRETERS.map(async ({ program, check }) => {
      if (findProgram(program) === undefined) return false;
      const { fault } = await collect([program, ...check], { limitMs: CHECK_MS });
      return fault === undefined;
    }),
  );
  return INTERPRETERS.filter((_, index) => !found[index]);
}
