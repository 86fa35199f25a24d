import { send } from '../../../helpers/api/send.ts';
import { post } from '../../../helpers/leases/http-worker.ts';
import { sweepAll } from '../../../helpers/lifecycle/sweep-all.ts';
import type { Backlog } from '../fill.ts';
import { expectStatus, MANY, type Site, type Stop } from './site.ts';

const get = ({ api, keys }: Site, path: string) =>
  expectStatus(send(api.origin, { method: 'GET', path: `/queues/${keys.queue}/${path}` }), 200);

/** What is read, swept and removed. */
export function readStops({ scheduled, retrying, dead, held }: Backlog): Stop[] {
  const subscription = (site: Site) => `/queues/${site.keys.queue}/subscriptions/all`;
  return [
    {
      title: 'a sweep checks all that was delivered',
      jobs: scheduled + retrying + dead + held,
      run: async ({ redis, keys }) => void (await sweepAll(redis, keys)),
    },
    {
      title: 'figures and listings are read',
      jobs: 0,
      run: async (site) => {
        await get(site, 'stats');
        for (const status of ['queued', 'scheduled', 'running', 'retrying', 'failed']) {
          await get(site, `jobs?limit=1000&status=${status}`);
        }
        await get(site, 'pending?limit=1000');
      },
    },
    {
      title: 'a subscription reads and acknowledges',
      jobs: 0,
      run: async (site) => {
        const name = subscription(site);
        const body = JSON.stringify({ from: 'oldest' });
        const headers = { 'content-type': 'application/json' };
        await expectStatus(send(site.api.origin, { method: 'PUT', path: name, headers, body }), 201);
        for (let reads = 0; reads < 5; reads += 1) {
          const { body } = await post(site.api, `${name}/read`, { max: MANY });
          const upTo = (body as { events: { id: string }[] }).events.at(-1)?.id;
          if (upTo !== undefined) await expectStatus(post(site.api, `${name}/ack`, { upTo }), 200);
        }
        await expectStatus(send(site.api.origin, { method: 'DELETE', path: name }), 204);
      },
    },
    {
      title: 'dead letters run again',
      jobs: 400,
      run: ({ api, keys }) => expectStatus(post(api, `/queues/${keys.queue}/dead/retry`), 200),
    },
    {
      title: 'dead letters are removed',
      jobs: MANY,
      run: ({ api, keys }) =>
        expectStatus(send(api.origin, { method: 'DELETE', path: `/queues/${keys.queue}/dead` }), 200),
    },
  ];
}
