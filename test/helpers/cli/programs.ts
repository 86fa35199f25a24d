import { spawnSync } from 'node:child_process';

/** Whether a program is on PATH. */
export const isInstalled = (name: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0;
