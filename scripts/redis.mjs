import { installPackages, stopService } from './packages.mjs';
import { collect, findProgram, SetupError } from './task.mjs';

const INSTEAD =
  'set REDIS_URL to a Redis that runs (npm run demo and npm start take it), or run docker compose up';

/** Where its package is not called `valkey`. */
const PACKAGES = { 'apt-get': 'redis-server', apk: 'redis', brew: 'redis' };

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
  const manager = await installPackages((program) => [PACKAGES[program] ?? 'valkey'], {
    needs: 'Millrace needs redis-server (7.0 or newer) on PATH',
    source: 'install it from https://redis.io/docs/latest/operate/oss_and_stack/install/',
    instead: INSTEAD,
  });
  if (manager === 'apt-get') await stopService('redis-server');
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
