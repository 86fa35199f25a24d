import { existsSync } from 'node:fs';
import { collect, findProgram, runQuietly, SetupError } from './task.mjs';

const LIMIT_MS = 10 * 60_000;

/** How each package manager installs packages; `root`: only the superuser may. */
const MANAGERS = [
  {
    program: 'apt-get',
    root: true,
    // The list of packages may be missing (in container images) or old.
    prepare: ['apt-get', 'update', '-q'],
    install: ['apt-get', 'install', '-y'],
    // A fresh machine is often busy with updates of its own.
    flags: ['-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120'],
  },
  { program: 'dnf', root: true, install: ['dnf', 'install', '-y'] },
  { program: 'apk', root: true, install: ['apk', 'add'] },
  { program: 'pacman', root: true, install: ['pacman', '-S', '--noconfirm'] },
  { program: 'zypper', root: true, install: ['zypper', '--non-interactive', 'install'] },
  { program: 'brew', root: false, install: ['brew', 'install'] },
];

/**
 * Installs packages by the manager that this machine has, all in one call of it.
 *
 * @param packagesOf the names of the packages, given the manager's program
 * @param texts `needs`: the sentence that says who needs what; `source`: what to do where no manager is; `instead`:
 *   what else would do, if anything
 * @returns the manager's program
 */
export async function installPackages(packagesOf, { needs, source, instead }) {
  const or = instead === undefined ? '' : `, or ${instead}`;
  const manager = MANAGERS.find(({ program }) => findProgram(program) !== undefined);
  if (manager === undefined) {
    throw new SetupError(`${needs}, and there is no package manager to install it with: ${source}${or}.`);
  }
  const packages = packagesOf(manager.program);
  const byHand = `${manager.root ? 'sudo ' : ''}${[...manager.install, ...packages].join(' ')}`;
  if (manager.root && process.getuid?.() !== 0) {
    throw new SetupError(`${needs}. Install it with: ${byHand}${or}.`);
  }
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    limitMs: LIMIT_MS,
    next: `Try it by hand: ${byHand}${instead === undefined ? '' : `; or ${instead}`}.`,
  };
  if (manager.prepare !== undefined)
    await runQuietly('Reading the list of packages', manager.prepare, options);
  const command = [...manager.install, ...packages, ...(manager.flags ?? [])];
  await runQuietly(`Installing ${packages.join(', ')}`, command, options);
  return manager.program;
}

/**
 * Stops a service that Debian has started with its package; the project starts its own process. As well as it goes: one
 * that runs on is no harm to ours, which use no port of it.
 */
export async function stopService(name) {
  const commands = existsSync('/run/systemd/system')
    ? [['systemctl', 'disable', '--now', name]]
    : [
        ['service', name, 'stop'],
        ['update-rc.d', name, 'disable'],
      ];
  for (const command of commands) await collect(command, { limitMs: 30_000 });
}
