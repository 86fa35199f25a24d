import { expect, it } from 'vitest';
import { checkLatency } from '../../../../src/doctor/checks/redis/latency.ts';
import type { SlowCommand } from '../../../../src/doctor/readings/readings.ts';

const NOW = 1_800_000_000_000;
const slow = (changes: Partial<SlowCommand>): SlowCommand => ({
  at: NOW / 1_000 - 60,
  ms: 250,
  command: 'keys',
  client: 'reports',
  ...changes,
});
const judge = (pings: number[], commands: SlowCommand[] = []) =>
  checkLatency({ value: pings }, { value: commands }, NOW).map(({ id, level }) => [id, level]);

it.each([
  [[0.2, 0.3, 0.4], 'ok'],
  [[20, 30, 40], 'warning'],
  [[6, 7, 8], 'note'],
  [[0.2, 0.3, 150], 'note'],
])('round trips of %j ms are %s', (pings, level) => {
  expect(judge(pings)).toEqual([['latency', level]]);
});

it('warns of a Redis that does not answer in time', () => {
  const [finding] = checkLatency({ refused: 'no answer within 4000 ms' }, { refused: 'NOPERM' }, NOW);
  expect(finding).toMatchObject({ id: 'latency', level: 'warning' });
});

it.each([
  ['of another program', {}, 'warning'],
  ['of Millrace', { client: 'millrace-api' }, 'note'],
])('a slow command %s', (_, changes, level) => {
  expect(judge([0.2], [slow(changes)])).toEqual([
    ['latency', 'ok'],
    ['slow-commands', level],
  ]);
});

it.each([{ ms: 50 }, { at: NOW / 1_000 - 7_200 }])('leaves out %j', (changes) => {
  expect(judge([0.2], [slow(changes)])).toEqual([['latency', 'ok']]);
});
