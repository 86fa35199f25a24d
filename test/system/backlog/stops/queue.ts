import { send } from '../../../helpers/api/send.ts';
import { completing, idsOf, settle, take } from '../../../helpers/leases/http-worker.ts';
import { expectStatus, MANY, type Site, type Stop } from './site.ts';

/** What is done with jobs that have ended, wait or are no longer wanted. */
export function queueStops(): Stop[] {
  const ask = async ({ api, keys }: Site, method: string, more: string, status = 200) => {
    const answer = send(api.origin, { method, path: `/queues/${keys.queue}${more}` });
    await expectStatus(answer, status);
    return (await answer).body as { count?: number; items?: unknown[] };
  };
  const cancel = (status: string): Stop => ({
    title: `${status} jobs are cancelled together`,
    jobs: MANY,
    perCall: 50,
    run: async (site) => {
      const { count } = await ask(site, 'DELETE', `/jobs?status=${status}&limit=${MANY}`);
      if (count !== MANY) throw new Error(`${count} jobs were cancelled`);
    },
  });
  return [
    {
      title: 'ended jobs are listed',
      jobs: MANY,
      perCall: 100,
      prepare: async ({ api, keys }) => {
        const { lease, jobs } = await take(api, { queues: [keys.queue], max: MANY });
        await settle(api, lease, completing(idsOf({ jobs })), 0);
      },
      run: async (site) => {
        const { items } = await ask(site, 'GET', `/jobs?status=completed&limit=${MANY}`);
        if (items?.length !== MANY) throw new Error(`${items?.length} jobs were listed`);
      },
    },
    cancel('queued'),
    cancel('scheduled'),
    {
      title: 'a queue is removed',
      jobs: MANY,
      perCall: 50,
      run: async (site) => void (await ask(site, 'DELETE', '?force=true', 202)),
    },
  ];
}
