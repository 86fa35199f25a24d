import { Schedule } from '../../../src/schemas/schedule.ts';
import { expectShape } from '../api/expect-schema.ts';
import type { TestApi } from '../api/server.ts';

export const NIGHTLY = {
  cron: '30 2 * * *',
  timeZone: 'Europe/Berlin',
  job: { task: 'fib', payload: { n: 1 } },
};

/** Requests about schedules over HTTP. Each must succeed. */
export const scheduleApi = (api: TestApi) => ({
  async put(id: string, body: object, status: 200 | 201 = 201): Promise<Schedule> {
    const response = await api.http.put(`/schedules/${id}`).send(body).expect(status);
    expectShape(Schedule, response.body);
    return response.body;
  },
  async get(id: string): Promise<Schedule> {
    return (await api.http.get(`/schedules/${id}`).expect(200)).body;
  },
});
