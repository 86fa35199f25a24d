import { expect, it } from 'vitest';
import { checkSharedSettings } from '../../../../src/doctor/checks/service/shared-settings.ts';

const NOW = 1_800_000_000_000;
const line = (service: string, values: object) => JSON.stringify({ service, values });
const judge = (configurations: Record<string, string>) => checkSharedSettings({ value: configurations }, NOW);

const api = line('API', { DEAD_MAX: 10, RESULT_TTL_MS: 1 });

it('finds nothing when all processes agree', () => {
  const same = { [api]: `${NOW} a`, [line('worker', { DEAD_MAX: 10 })]: `${NOW} b` };
  expect(judge(same).map(({ level }) => level)).toEqual(['ok']);
});

it('names the setting, its values and whose they are', () => {
  const [finding, ...more] = judge({ [api]: `${NOW} a`, [line('worker', { DEAD_MAX: 20 })]: `${NOW} b` });
  expect(more).toEqual([]);
  expect(finding?.what).toBe(
    'DEAD_MAX differs between processes: 10 in the API on a, 20 in the worker on b.',
  );
});

it('leaves out processes that are gone, and lines of other programs', () => {
  const others = {
    [line('worker', { DEAD_MAX: 20 })]: `${NOW - 61_000} b`,
    'not JSON': `${NOW} c`,
    '{"values":{"DEAD_MAX":30}}': `${NOW} c`,
    '{"service":"API","values":null}': `${NOW} c`,
  };
  expect(judge({ [api]: `${NOW} a`, ...others }).map(({ level }) => level)).toEqual(['ok']);
});

it('says nothing where nobody runs, or Redis does not tell', () => {
  expect(judge({})).toEqual([]);
  expect(checkSharedSettings({ refused: 'NOPERM' }, NOW)).toEqual([]);
});
