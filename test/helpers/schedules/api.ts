import { Schedule } from '../../../src/schemas/schedule.ts';
import { expectShape } from '../api/expect-schema.ts';
import type { TestApi } from '../api/server.ts';

export const NIGHTLY = {
  cron: '30 2 * * *',
  timeZone: 'Europe/Berlin',
  job: { task: 'fib', payload: { n: 1 } },
};

/** Schedules as clients see them. */
export const scheduleApi = (api: TestApi) => ({
  async put(id: string, wish: object, status: 200 | 201 = 201): Promise<Schedule> {
    const { body } = await api.http.put(`/schedules/${id}`).send(wish).expect(status);
    expectShape(Schedule, body);
    return body;
  },
  async get(id: string): Promise<Schedule> {
    return (await api.http.get(`/schedules/${id}`).expect(200)).body;
  },
});
