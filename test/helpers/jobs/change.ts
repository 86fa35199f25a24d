import { expect } from 'vitest';
import { Job, type Job as JobShape } from '../../../src/schemas/job.ts';
import { expectShape } from '../api/expect-schema.ts';
import { type Answer, JSON_TYPE, send } from '../api/send.ts';
import type { TestApi } from '../api/server.ts';

/** Changes of jobs over HTTP. */
export function changesOf(api: TestApi) {
  const patch = (id: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
    send(api.origin, {
      method: 'PATCH',
      path: `/jobs/${id}`,
      headers: { ...JSON_TYPE, ...headers },
      body: JSON.stringify(body),
    });
  return {
    patch,
    /** Changes a job; the answer must be the changed job, which a read shows, too. */
    async change(id: string, body: object): Promise<JobShape> {
      const answer = await patch(id, body);
      expect(answer.status, answer.text).toBe(200);
      expectShape(Job, answer.body);
      expect(answer.body.id).toBe(id);
      expect(await api.get(id)).toEqual(answer.body);
      return answer.body;
    },
    etagOf: async (id: string): Promise<string> => (await api.http.get(`/jobs/${id}`)).headers['etag'] ?? '',
    statsOf: async (queue: string) => (await api.http.get(`/queues/${queue}/stats`)).body,
  };
}
