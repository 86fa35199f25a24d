import { expect, it } from 'vitest';
import { checkAcl } from '../../../../src/doctor/checks/redis/acl.ts';
import { NEEDED_COMMANDS } from '../../../../src/redis/acl/needed-commands.ts';

const judge = (denied: [string, string][], replicasAck = 0) =>
  checkAcl({ value: { user: 'jobs', denied: new Map(denied) } }, { prefix: 'mr', replicasAck });

it('finds nothing when every command is allowed', () => {
  expect(judge([]).map(({ level }) => level)).toEqual(['ok']);
});

it('names what is lacking, and the rule that allows it', () => {
  const [finding] = judge([
    ['xgroup|create', "NOPERM User jobs has no permissions to run the 'xgroup|create' command"],
    ['zadd', "NOPERM User jobs has no permissions to run the 'zadd' command"],
  ]);
  expect(finding).toMatchObject({
    level: 'fault',
    what: 'The Redis user jobs may not run XGROUP CREATE, ZADD.',
    todo: 'Run: redis-cli ACL SETUSER jobs +xgroup|create +zadd',
  });
});

it('asks for WAIT only where REPLICAS_ACK does', () => {
  const denied: [string, string][] = [
    ['wait', "NOPERM User jobs has no permissions to run the 'wait' command"],
  ];
  expect(judge(denied).map(({ level }) => level)).toEqual(['ok']);
  expect(judge(denied, 1)).toEqual([
    expect.objectContaining({ level: 'fault', todo: 'Run: redis-cli ACL SETUSER jobs +wait' }),
  ]);
});

it('tells keys apart from commands', () => {
  const [finding] = judge([
    ['get', 'NOPERM No permissions to access a key'],
    ['set', 'NOPERM this user has no permissions to access one of the keys used as arguments'],
  ]);
  expect(finding?.todo).toBe('Run: redis-cli ACL SETUSER jobs ~mr:*');
  const [mixed] = judge([
    ['get', 'NOPERM No permissions to access a key'],
    ['zadd', "NOPERM User jobs has no permissions to run the 'zadd' command"],
  ]);
  expect(mixed?.todo).toBe('Run: redis-cli ACL SETUSER jobs +get +zadd');
});

it('speaks of the server when it does not have the commands', () => {
  const [finding] = judge(NEEDED_COMMANDS.map((name) => [name, `ERR unknown command '${name}'`]));
  expect(finding?.what).toMatch(/and \d+ more\.$/);
  expect(finding?.todo).toContain('rename-command');
});

it('notes what is missing without an optional command', () => {
  const findings = judge([['config|get', 'NOPERM']]);
  expect(findings.map(({ level }) => level)).toEqual(['ok', 'note']);
});

it('notes that the permissions cannot be read', () => {
  expect(checkAcl({ refused: 'no answer' }, { prefix: 'mr', replicasAck: 0 })[0]?.level).toBe('note');
});
