import { Recoverer } from '../../../../src/maintenance/recoverer.ts';
import { send } from '../../../helpers/api/send.ts';
import { post } from '../../../helpers/leases/http-worker.ts';
import { expectStatus, LATER_MS, MANY, type Site, type Stop } from './site.ts';

const jobsOf = ({ keys }: Site, count: number, more: object = {}) =>
  Array.from({ length: count }, (_, payload) => ({ queue: keys.queue, task: 'work', payload, ...more }));
const submit = (site: Site, count: number, more: object = {}, query = '') =>
  expectStatus(post(site.api, `/jobs/batch${query}`, { jobs: jobsOf(site, count, more) }), 207);

/** Submits, and what is done with jobs that wait. */
export const submitStops: readonly Stop[] = [
  { title: 'jobs are submitted', jobs: 0, run: (site) => submit(site, 10_000) },
  { title: 'delayed jobs are submitted', jobs: 0, run: (site) => submit(site, MANY, { delay: LATER_MS }) },
  {
    title: 'waiting jobs are cancelled',
    jobs: 0,
    run: async ({ api, keys }) => {
      const answer = await send(api.origin, { method: 'GET', path: `/queues/${keys.queue}/jobs?limit=100` });
      const { items } = answer.body as { items: { id: string }[] };
      for (const { id } of items) await expectStatus(post(api, `/jobs/${id}/cancel`), 200);
    },
  },
  {
    title: 'jobs expire',
    jobs: 0,
    prepare: (site) => submit(site, 400, { expiresIn: 1 }),
    run: async ({ core, keys }) => {
      const { run } = new Recoverer(core, () => [keys]);
      while ((await run()) === 0);
    },
  },
];
