import { existsSync } from 'node:fs';
import { collect, findProgram, runQuietly, SetupError } from './task.mjs';

const LIMIT_MS = 10 * 60_000;
const INSTEAD =
  'set REDIS_URL to a Redis that runs (npm run demo and npm start take it), or run docker compose up';

/** How each package manager installs a server; `root`: only the superuser may. */
const MANAGERS = [
  {
    program: 'apt-get',
    root: true,
    // The list of packages may be missing (in container images) or old.
    prepare: ['apt-get', 'update', '-q'],
    install: ['apt-get', 'install', '-y', 'redis-server'],
    // A fresh machine is often busy with updates of its own.
    flags: ['-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120'],
    // Debian starts what it installs; we start our own.
    finish: stopService,
  },
  { program: 'dnf', root: true, install: ['dnf', 'install', '-y', 'valkey'] },
  { program: 'apk', root: true, install: ['apk', 'add', 'redis'] },
  { program: 'pacman', root: true, install: ['pacman', '-S', '--noconfirm', 'valkey'] },
  { program: 'zypper', root: true, install: ['zypper', '--non-interactive', 'install', 'valkey'] },
  { program: 'brew', root: false, install: ['brew', 'install', 'redis'] },
];

/** The first of them that is on PATH is the one that Millrace starts. */
const findServer = () => findProgram('redis-server') ?? findProgram('valkey-server');

/** Sees to a server program on PATH, of a version that will do. */
export async function ensureRedis() {
  if (process.platform === 'win32') {
    throw new SetupError(`Redis has no build for Windows: use WSL, or ${INSTEAD}.`);
  }
  if (findServer() === undefined) await install();
  const server = findServer();
  if (server === undefined)
    throw new SetupError(
      `redis-server was installed but is not on PATH: add its folder to PATH, or ${INSTEAD}.`,
    );
  await checkVersion(server);
}

async function install() {
  const manager = MANAGERS.find(({ program }) => findProgram(program) !== undefined);
  if (manager === undefined) {
    throw new SetupError(
      `Millrace needs redis-server (7.0 or newer) on PATH, and there is no package manager to install it with: install it from https://redis.io/docs/latest/operate/oss_and_stack/install/, or ${INSTEAD}.`,
    );
  }
  const byHand = `${manager.root ? 'sudo ' : ''}${manager.install.join(' ')}`;
  if (manager.root && process.getuid?.() !== 0) {
    throw new SetupError(
      `Millrace needs redis-server (7.0 or newer) on PATH. Install it with: ${byHand}, or ${INSTEAD}.`,
    );
  }
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    limitMs: LIMIT_MS,
    next: `Try it by hand: ${byHand}; or ${INSTEAD}.`,
  };
  if (manager.prepare !== undefined)
    await runQuietly('Reading the list of packages', manager.prepare, options);
  const command = [...manager.install, ...(manager.flags ?? [])];
  await runQuietly(`Installing ${manager.install.at(-1)}`, command, options);
  await manager.finish?.();
}

/** As well as it goes: a service that runs on is no harm to ours, which use no port of it. */
async function stopService() {
  const commands = existsSync('/run/systemd/system')
    ? [['systemctl', 'disable', '--now', 'redis-server']]
    : [
        ['service', 'redis-server', 'stop'],
        ['update-rc.d', 'redis-server', 'disable'],
      ];
  for (const command of commands) await collect(command, { limitMs: 30_000 });
}

async function checkVersion(server) {
  const { fault, output } = await collect([server, '--version'], { limitMs: 10_000 });
  const [, major, minor] = /v=(\d+)\.(\d+)/.exec(output) ?? [];
  if (fault !== undefined || major === undefined) {
    throw new SetupError(
      `${server} --version ${fault ?? `said ${output.trim()}`}: install another redis-server, or ${INSTEAD}.`,
    );
  }
  const isValkey = /valkey/i.test(output);
  const version = Number(major) * 100 + Number(minor);
  if (version >= (isValkey ? 702 : 700)) return;
  throw new SetupError(
    `${server} is ${isValkey ? 'Valkey' : 'Redis'} ${major}.${minor}; Millrace needs Redis 7.0 or Valkey 7.2, or newer: install one (https://redis.io/docs/latest/operate/oss_and_stack/install/), or ${INSTEAD}.`,
  );
}
