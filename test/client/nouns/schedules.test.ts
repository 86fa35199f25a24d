import { expect, it } from 'vitest';
import { Millrace } from '../../../src/client/index.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

it('take a task in place of its name', async () => {
  const { schedules } = new Millrace({ url: api.origin });
  const report = { name: 'report', handler: ({ day }: { day: string }) => day };
  const definition = { every: '1h', job: { task: report, payload: { day: 'Monday' }, queue: 'typed' } };
  expect(await schedules.put('typed', definition)).toMatchObject({
    job: { task: 'report', payload: { day: 'Monday' }, queue: 'typed' },
  });
  expect(await schedules.preview(definition, { n: 2 })).toHaveLength(2);
  await schedules.remove('typed');
});

it('are put, listed, previewed, paused, run and removed', async () => {
  const { schedules } = new Millrace({ url: api.origin });
  const definition = { cron: '0 9 * * *', timeZone: 'Europe/Berlin', job: { task: 'report' } };
  expect(await schedules.preview(definition, { n: 2 })).toHaveLength(2);
  expect((await schedules.put('daily', definition)).cron).toBe('0 9 * * *');
  expect(await schedules.preview('daily', { n: 3 })).toHaveLength(3);
  expect((await schedules.pause('daily')).paused).toBe(true);
  expect((await schedules.resume('daily')).paused).toBe(false);
  expect((await schedules.run('daily')).status).toBe('queued');
  expect(await schedules.list().first(10)).toMatchObject([{ id: 'daily' }]);
  await schedules.remove('daily');
  await expect(schedules.get('daily')).rejects.toMatchObject({ code: 'schedule-not-found' });
});
