import type { Job } from '../../../src/schemas/job.ts';
import type { Answer } from '../api/send.ts';
import type { TestApi } from '../api/server.ts';

type Query = Record<string, string | number | boolean | string[]>;

export const idsOf = (items: readonly { id?: string }[]): string[] => items.flatMap(({ id }) => id ?? []);

/** Searches by GET /jobs. */
export function finderOf(api: TestApi) {
  const find = (query: Query) => api.http.get('/jobs').query(query);
  return {
    find,
    /** The ids of the first page. */
    findIds: async (query: Query) => idsOf((await find(query).expect(200)).body.items),
    /** The jobs of all pages. */
    async findAll(query: Query): Promise<Job[]> {
      const jobs: Job[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const { body }: Answer = await find({ ...query, ...(cursor && { cursor }) }).expect(200);
        jobs.push(...body.items);
        cursor = body.nextCursor;
      }
      return jobs;
    },
  };
}
