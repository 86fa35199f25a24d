import type { Worker } from '../../../schemas/workers/worker.ts';
import { WORKER_COLUMNS } from '../../output/worker-text.ts';
import { pathOf } from '../../remote/api.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

/** `millrace workers drain`. */
export const workersDrain = defineRemoteCommand({
  name: 'workers drain',
  summary: 'Let a worker finish its jobs and take no more',
  arguments: [{ name: 'WORKER', meaning: 'the name of the worker, or of one of its leases' }],
  options: {},
  examples: ['millrace workers drain host-1.4711.9f86d081ab'],
  run: async ({ args: [name = ''], api, printer }) => {
    const { body } = await api.send<Worker>({
      method: 'POST',
      path: pathOf`/workers/${name}/drain`,
      isRepeatable: true,
    });
    await printer.list(WORKER_COLUMNS)([body]);
    return undefined;
  },
});
