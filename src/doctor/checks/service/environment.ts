import { isLoopback } from '../../../config/access.ts';
import { type Finding, fault, ok, warning } from '../../finding.ts';
import type { EnvironmentReadings } from '../../readings/readings.ts';

/** The settings in the environment of this process. */
export function checkEnvironment(environment: EnvironmentReadings): Finding[] {
  const { faults, misspelt, host, auth, tasksDirFault } = environment;
  const findings = [
    ...faults.map((what) =>
      fault('settings', {
        what,
        why: 'API and workers do not start with it.',
        todo: 'Correct the variable, or remove it to use the default.',
      }),
    ),
    ...misspelt.map((what) =>
      warning('misspelt-setting', {
        what,
        why: 'The variable has no effect, so the default is in use.',
        todo: 'Correct its name. docs/reference/configuration.md lists all settings.',
      }),
    ),
  ];
  if (auth === 'off' && !isLoopback(host)) findings.push(openApi(host));
  if (tasksDirFault !== undefined) findings.push(noTasks(tasksDirFault));
  return findings.length > 0 ? findings : [ok('settings', 'The settings in the environment are valid.')];
}

const openApi = (host: string): Finding =>
  warning('open-api', {
    what: `The API listens on ${host} with AUTH=off.`,
    why: 'Each client that reaches the port can read every payload, and cancel or remove every job.',
    todo: 'Set AUTH=keys and ADMIN_KEY, or HOST=127.0.0.1. See docs/how-to/security.md.',
  });

const noTasks = (reason: string): Finding =>
  fault('tasks-dir', {
    what: `TASKS_DIR cannot be read: ${reason}.`,
    why: 'A worker with this setting does not start.',
    todo: 'Set TASKS_DIR to the folder of your task files, and let the user of the worker read it.',
  });
