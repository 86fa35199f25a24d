import { millrace } from './millrace.ts';
import { type JobQueue, startPeers } from './queue.ts';

/** Workers that know nothing but HTTP, and the API that serves them: its CPU counts as theirs. */
export const millraceHttp: JobQueue = {
  ...millrace,
  id: 'millrace-http',
  label: 'Millrace, workers over HTTP (settle and next)',
  startWorkers: async (bed, crew) => {
    const api = await bed.startApi();
    const env = { ...crew.env, ORIGIN: `http://127.0.0.1:${api.port}`, QUEUE: 'default' };
    return [api, ...(await startPeers(bed, 'worker-millrace-http.ts', { ...crew, env }))];
  },
};
