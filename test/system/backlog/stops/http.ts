import { completing, idsOf, settle, take } from '../../../helpers/leases/http-worker.ts';
import { LATER_MS, MANY, type Stop } from './site.ts';

const failing = (ids: readonly string[], more: object) => ({
  fail: ids.map((id) => ({ id, error: { message: 'no' }, ...more })),
});

/** Jobs come from the site's queue, over HTTP. */
export function httpStops(): Stop[] {
  let taken = { lease: '', jobs: [] as Awaited<ReturnType<typeof take>>['jobs'] };
  const settleThem = (title: string, body: (ids: readonly string[]) => object): Stop => ({
    title,
    // Each is looked up and moved.
    jobs: 2 * MANY,
    perCall: 100,
    prepare: async ({ api, keys }) => {
      taken = await take(api, { queues: [keys.queue], max: MANY });
    },
    run: async ({ api }) => void (await settle(api, taken.lease, body(idsOf(taken)), 0)),
  });
  return [
    {
      title: 'an HTTP lease takes',
      jobs: MANY,
      perCall: 100,
      run: async ({ api, keys }) => {
        taken = await take(api, { queues: [keys.queue], max: MANY });
      },
    },
    {
      title: 'an HTTP lease completes and takes others',
      jobs: 2 * MANY,
      perCall: 100,
      run: async ({ api }) => {
        taken = await settle(api, taken.lease, completing(idsOf(taken)), MANY);
      },
    },
    settleThem('an HTTP lease fails jobs that are tried again', (ids) =>
      failing(ids, { retryInMs: LATER_MS }),
    ),
    settleThem('an HTTP lease fails jobs for good', (ids) => failing(ids, { retryable: false })),
    settleThem('an HTTP lease releases jobs', (ids) => ({
      release: ids.map((id) => ({ id, delayMs: LATER_MS })),
    })),
  ];
}
