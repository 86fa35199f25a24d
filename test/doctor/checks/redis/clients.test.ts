import { expect, it } from 'vitest';
import { checkClients } from '../../../../src/doctor/checks/redis/clients.ts';

const map = (members: Record<string, string>) => new Map(Object.entries(members));
const judge = (info: Record<string, string>, config: Record<string, string> = {}) =>
  checkClients(map({ connected_clients: '10', maxclients: '100', ...info }), { value: map(config) }).map(
    ({ id, level }) => [id, level],
  );

it.each([
  [{}, {}, [['clients', 'ok']]],
  [{ connected_clients: '90' }, {}, [['clients', 'warning']]],
  [
    { rejected_connections: '4' },
    {},
    [
      ['clients', 'ok'],
      ['rejected-clients', 'note'],
    ],
  ],
  [
    {},
    { timeout: '30', 'tcp-keepalive': '0' },
    [
      ['clients', 'ok'],
      ['timeout', 'note'],
      ['keepalive', 'note'],
    ],
  ],
  [{}, { timeout: '0', 'tcp-keepalive': '300' }, [['clients', 'ok']]],
])('judges %j and %j', (info, config, expected) => {
  expect(judge(info as Record<string, string>, config as Record<string, string>)).toEqual(expected);
});
