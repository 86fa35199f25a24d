import { expect, it } from 'vitest';
import { checkEnvironment } from '../../../../src/doctor/checks/service/environment.ts';

const sound = {
  faults: [],
  misspelt: [],
  host: '127.0.0.1',
  auth: 'off' as const,
  prefix: 'mr',
  deadMax: 10,
  replicasAck: 0,
  tasksDirFault: undefined,
};

const levels = (changes: object) =>
  checkEnvironment({ ...sound, ...changes }).map(({ id, level }) => [id, level]);

it('finds nothing in valid settings', () => {
  expect(levels({})).toEqual([['settings', 'ok']]);
});

it.each([
  [{ faults: ['PORT is "x"'] }, 'settings', 'fault'],
  [{ misspelt: ['REDIS_ULR is not a setting. Did you mean REDIS_URL?'] }, 'misspelt-setting', 'warning'],
  [{ host: '0.0.0.0' }, 'open-api', 'warning'],
  [{ tasksDirFault: 'ENOENT' }, 'tasks-dir', 'fault'],
])('finds %j', (changes, id, level) => {
  expect(levels(changes)).toEqual([[id, level]]);
});

it('takes a public address with keys', () => {
  expect(levels({ host: '0.0.0.0', auth: 'keys' })).toEqual([['settings', 'ok']]);
});
