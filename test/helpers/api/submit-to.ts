import type { Job } from '../../../src/schemas/job.ts';
import { until } from '../redis/server.ts';

/** Submits and reads jobs over HTTP, at the address that `url` says when it is asked. */
export function submitTo(url: () => string) {
  const send = async (path: string, init: RequestInit = {}): Promise<Job> => {
    const response = await fetch(url() + path, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${text}`);
    return JSON.parse(text);
  };
  const get = ({ id }: { id: string }) => send(`/jobs/${encodeURIComponent(id)}`);
  return {
    /** @param waitS seconds to wait for its end. */
    submit: (job: object, waitS = 0) =>
      send(`/jobs${waitS > 0 ? `?wait=${waitS}` : ''}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(job),
      }),
    get,
    /** Waits until the job has the status, also while it cannot be read. */
    untilStatus: (job: { id: string }, status: Job['status']) =>
      until(
        async () => (await get(job).catch(() => undefined))?.status === status,
        `a job ${job.id} that is ${status}`,
      ),
    cancel: ({ id }: { id: string }) => send(`/jobs/${encodeURIComponent(id)}/cancel`, { method: 'POST' }),
  };
}
